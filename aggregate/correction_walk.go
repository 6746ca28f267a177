package aggregate

import "context"

// correctionsPlace stands for table corrections beside the partitions of topics: its offsets are revisions, and who is
// corrected is touched. No topic can have its name.
var correctionsPlace = place{topic: "(corrections)"}

// corrections are those that count, as a walk applies them.
type corrections struct {
	upTo  int64 // revision; 0 is none
	moods map[interactionID]Correction
}

// loadCorrections brings into memory what a walk up to that revision needs. What came after it may be there as well: it
// is walked again.
func (w *Walker) loadCorrections(ctx context.Context, upTo int64) error {
	if upTo == w.corrections.upTo {
		return nil
	}
	list, err := w.store.Corrections(ctx)
	if err != nil {
		return err
	}
	w.corrections = corrections{upTo: upTo, moods: make(map[interactionID]Correction, len(list))}
	for _, c := range list {
		w.corrections.moods[interactionID{c.Origin, c.ID}] = c
	}
	for _, worker := range w.workers {
		worker.corrections = w.corrections.moods
	}
	return nil
}

// meetCorrected learns whose texts were corrected, or are no longer.
func (w *Walker) meetCorrected(ctx context.Context, a arrivals, t touched) error {
	perThreads := len(w.journeysPer(perThread)) > 0
	return w.store.each(ctx, func(scan func(...any) error) error {
		var keys, threads []string
		if err := scan(&keys, &threads); err != nil {
			return err
		}
		for _, key := range keys {
			if key != "" {
				t.keys[w.people.Add(key)] = struct{}{}
			}
		}
		for _, thread := range threads {
			if perThreads && thread != "" {
				t.threads[thread] = struct{}{}
			}
		}
		return nil
	}, "SELECT contact_keys, threads FROM corrections WHERE revision > ? AND revision <= ?", a.from, a.to)
}

// correct gives an interaction the mood that somebody corrected it to, if it has one at all.
func (w *worker) correct(x *interaction) {
	if len(w.corrections) == 0 || !x.moodEligible {
		return
	}
	c, corrected := w.corrections[interactionID{x.origin, x.id}]
	if !corrected {
		return
	}
	with := *x.tag
	with.number = unnumbered
	switch {
	case c.Emotion != "":
		with.moodEmotion = c.Emotion
	case with.moodLabel != c.Label:
		with.moodEmotion = "none"
	}
	with.moodLabel = c.Label
	x.tag, x.moodScore = &with, correctedScores[c.Label]
}

// correctedScores is how sure a person is.
var correctedScores = map[string]float32{"negative": -1, "neutral": 0, "positive": 1, "mixed": 0}
