package mail

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"time"
)

// Threads finds which messages belong together. All messages are added first, in any order; then each can be asked
// for its thread, which is the Message-ID of the thread's oldest message. What answers a message that is not there, or
// was added later, finds it all the same.
//
// Two messages are of one thread if one names the other in References or In-Reply-To, if both name a third, or if
// Exchange gave them one conversation. A reply that names nothing (it has no such header) joins by its subject, if that
// says that it is one ("Re:", "R:" …), and exactly one thread of the 30 days before has the same subject and the same two
// sides. It takes memory for each id, none for texts.
type Threads struct {
	seed    maphash.Seed
	nodes   map[uint64]int32 // id → node
	parent  []int32
	oldest  []first // by node; only roots' count
	loose   []loose
	started map[uint64][]start
}

// first is the oldest message of a thread.
type first struct {
	at int64  // Unix seconds
	id string // "": no message yet
}

// before tells whether a message comes before another, or there is no other.
func (f first) before(o first) bool {
	return f.id != "" && (o.id == "" || f.at < o.at || f.at == o.at && f.id < o.id)
}

// loose is a reply that names nothing.
type loose struct {
	node    int32
	subject uint64
	at      int64
}

// start is a message whose subject replies may name.
type start struct {
	node int32
	at   int64
}

// within is how long after a message a reply can name it by its subject alone.
const within = 30 * 24 * time.Hour

// NewThreads returns an empty Threads.
func NewThreads() *Threads {
	return &Threads{seed: maphash.MakeSeed(), nodes: map[uint64]int32{}, started: map[uint64][]start{}}
}

// Add takes in a message; key is its id (see Message.Key).
func (t *Threads) Add(m *Message, key string) {
	n := t.node(key)
	this, oldest := first{m.Date.Unix(), key}, &t.oldest[t.root(n)]
	if this.before(*oldest) {
		*oldest = this
	}
	for _, ids := range [][]string{m.References, m.InReplyTo} {
		for _, id := range ids {
			t.join(n, t.node(id))
		}
	}
	if m.ThreadIndex != "" {
		t.join(n, t.node("thread-index:"+m.ThreadIndex))
	}
	subject, reply := baseSubject(m.Subject)
	if len(subject) < 4 || m.Date.IsZero() || m.Automatic != "" {
		return
	}
	hash := maphash.String(t.seed, subject+"\n"+sides(m))
	if reply && len(m.References) == 0 && len(m.InReplyTo) == 0 && m.ThreadIndex == "" {
		t.loose = append(t.loose, loose{n, hash, m.Date.Unix()})
	}
	t.started[hash] = append(t.started[hash], start{n, m.Date.Unix()})
}

// sides names the addresses of a message, sender and recipients alike.
func sides(m *Message) string {
	var all []string
	for _, list := range [][]Address{m.From, m.To} {
		if len(list) > 0 {
			all = append(all, strings.ToLower(list[0].Email))
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// JoinSubjects joins the replies that name nothing. It is called once, when all messages were added.
func (t *Threads) JoinSubjects() {
	slices.SortStableFunc(t.loose, func(a, b loose) int { return cmp.Compare(a.at, b.at) })
	for _, starts := range t.started {
		slices.SortStableFunc(starts, func(a, b start) int { return cmp.Compare(a.at, b.at) })
	}
	for _, l := range t.loose {
		if n, ok := t.answered(l); ok {
			t.join(l.node, n)
		}
	}
	t.loose, t.started = nil, nil
}

// answered returns the one thread whose subject a reply can mean.
func (t *Threads) answered(l loose) (root int32, ok bool) {
	const most = 50 // messages of that subject that are looked at
	starts := t.started[l.subject]
	i, _ := slices.BinarySearchFunc(starts, l.at, func(s start, at int64) int { return cmp.Compare(s.at, at) })
	for seen := 0; i > 0 && seen < most; seen++ {
		i--
		if l.at-starts[i].at > int64(within/time.Second) {
			break
		}
		r := t.root(starts[i].node)
		if ok && r != root {
			return 0, false
		}
		root, ok = r, true
	}
	return root, ok
}

// Thread returns the thread of a message that was added by its key.
func (t *Threads) Thread(key string) string {
	n, ok := t.nodes[maphash.String(t.seed, key)]
	if !ok {
		return key
	}
	return t.oldest[t.root(n)].id
}

// node returns the node of an id.
func (t *Threads) node(id string) int32 {
	h := maphash.String(t.seed, id)
	n, ok := t.nodes[h]
	if !ok {
		n = int32(len(t.parent))
		t.nodes[h] = n
		t.parent = append(t.parent, n)
		t.oldest = append(t.oldest, first{})
	}
	return n
}

func (t *Threads) root(n int32) int32 {
	for t.parent[n] != n {
		t.parent[n] = t.parent[t.parent[n]]
		n = t.parent[n]
	}
	return n
}

// join makes two nodes one thread.
func (t *Threads) join(a, b int32) {
	a, b = t.root(a), t.root(b)
	if a == b {
		return
	}
	t.parent[b] = a
	if t.oldest[b].before(t.oldest[a]) {
		t.oldest[a] = t.oldest[b]
	}
}

// prefixes are how mail programs begin the subject of a reply. A mail passed on ("Fwd:", "I:") is not part of the talk it passes on.
var prefixes = []string{"re", "r", "aw", "rif", "ris", "risp", "sv", "antw", "res"}

// baseSubject returns a subject without the prefixes of replies and the names of lists, in lower case, and whether it
// was a reply's. A mail passed on keeps its prefix.
func baseSubject(s string) (base string, reply bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	for {
		if strings.HasPrefix(s, "[") {
			if end := strings.IndexByte(s, ']'); end > 0 && end < len(s)-1 {
				s = strings.TrimSpace(s[end+1:])
				continue
			}
		}
		head, rest, ok := strings.Cut(s, ":")
		if !ok {
			return s, reply
		}
		if open := strings.IndexAny(head, "[(^*"); open > 0 { // Re[2]:, Re(3):
			head = head[:open]
		}
		if !slices.Contains(prefixes, strings.TrimSpace(head)) {
			return s, reply
		}
		s, reply = strings.TrimSpace(rest), true
	}
}
