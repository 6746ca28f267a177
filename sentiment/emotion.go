package sentiment

// Emotion is one of the feelings that a message shows.
type Emotion uint8

// The emotions, in the order of metrics and pages.
const (
	None Emotion = iota
	Satisfaction
	Impatience
	Enthusiasm
	Perplexity
	Confusion
	Disappointment
	Joy
	Frustration
	emotions // how many there are
)

var emotionNames = [emotions]string{
	"none", "satisfaction", "impatience", "enthusiasm", "perplexity", "confusion", "disappointment", "joy", "frustration",
}

// String returns the emotion's name in English, lower case.
func (e Emotion) String() string { return emotionNames[e] }

// good tells that an emotion is a pleasant one.
func (e Emotion) good() bool { return e == Satisfaction || e == Enthusiasm || e == Joy }

// agrees tells that a text of a label can show the emotion: no joy in a complaint, no frustration in praise.
// Impatience, perplexity and confusion go with any label but praise.
func (e Emotion) agrees(label string) bool {
	switch label {
	case Positive:
		return e.good()
	case Negative:
		return !e.good()
	case Neutral:
		return e == Impatience || e == Perplexity || e == Confusion
	}
	return true
}

// emotionByLetter reads the letter of an emotion in a built lexicon.
var emotionByLetter = [256]Emotion{
	'S': Satisfaction, 'I': Impatience, 'E': Enthusiasm, 'P': Perplexity, 'C': Confusion, 'D': Disappointment, 'J': Joy,
	'F': Frustration,
}
