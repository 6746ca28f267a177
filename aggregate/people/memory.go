package people

import (
	"hash/maphash"
	"unsafe"
)

// Slices of millions grow by copying: for a while both copies are there. What follows grows by pages instead.

const (
	pageBits = 12
	pageLen  = 1 << pageBits
)

// paged is a list that grows without moving. Its elements hold no pointers, so the garbage collector passes them by.
type paged[T any] struct{ pages []*[pageLen]T }

func (p *paged[T]) at(id ID) *T { return &p.pages[id>>pageBits][id&(pageLen-1)] }

// grow gives the place of an element that may be the next one after the last.
func (p *paged[T]) grow(id ID) *T {
	if int(id>>pageBits) == len(p.pages) {
		p.pages = append(p.pages, new([pageLen]T))
	}
	return p.at(id)
}

// sparse is a list of numbers most of which may be None: pages without any other are not there.
type sparse struct{ pages []*[pageLen]ID }

func (s *sparse) get(id ID) ID {
	if page := int(id >> pageBits); page < len(s.pages) && s.pages[page] != nil {
		return s.pages[page][id&(pageLen-1)] - 1
	}
	return None
}

func (s *sparse) set(id, to ID) {
	page := int(id >> pageBits)
	if to == None && s.get(id) == None {
		return
	}
	for page >= len(s.pages) {
		s.pages = append(s.pages, nil)
	}
	if s.pages[page] == nil {
		s.pages[page] = new([pageLen]ID)
	}
	s.pages[page][id&(pageLen-1)] = to + 1
}

// index numbers texts.
type index struct {
	texts []texts
	n     ID
	// table is an open hash table: the hash in the upper half, one more than the number in the lower, 0 where nothing is.
	table []uint64
	seed  maphash.Seed
}

// texts are those of a page, one behind the other.
type texts struct {
	bytes []byte
	ends  [pageLen]uint32
}

func (x *index) len() int { return int(x.n) }

// text gives a key. Bytes written are never written again, so the string may share them.
func (x *index) text(id ID) string {
	page, at := &x.texts[id>>pageBits], id&(pageLen-1)
	from := uint32(0)
	if at > 0 {
		from = page.ends[at-1]
	}
	size := page.ends[at] - from
	if size == 0 {
		return ""
	}
	return unsafe.String(&page.bytes[from], size)
}

func (x *index) find(key string) (ID, bool) {
	if len(x.table) == 0 {
		return None, false
	}
	at, hash := x.place(key)
	for ; x.table[at] != 0; at = (at + 1) & (len(x.table) - 1) {
		if entry := x.table[at]; uint32(entry>>32) == hash && x.text(ID(uint32(entry))-1) == key {
			return ID(uint32(entry)) - 1, true
		}
	}
	return None, false
}

// place gives where a key is looked for first, and the hash it is told by.
func (x *index) place(key string) (int, uint32) {
	hash := uint32(maphash.String(x.seed, key))
	return int(hash) & (len(x.table) - 1), hash
}

// add gives a text's number, and tells whether it is a new one.
func (x *index) add(key string) (ID, bool) {
	if id, known := x.find(key); known {
		return id, false
	}
	if 4*(int(x.n)+1) > 3*len(x.table) {
		x.enlarge()
	}
	id := x.n
	if int(id>>pageBits) == len(x.texts) {
		x.closePage()
		x.texts = append(x.texts, texts{})
	}
	page := &x.texts[id>>pageBits]
	page.bytes = append(page.bytes, key...)
	page.ends[id&(pageLen-1)] = uint32(len(page.bytes))
	x.n++
	at, hash := x.place(key)
	x.put(at, uint64(hash)<<32|uint64(id+1))
	return id, true
}

func (x *index) put(at int, entry uint64) {
	for x.table[at] != 0 {
		at = (at + 1) & (len(x.table) - 1)
	}
	x.table[at] = entry
}

// closePage gives back what the last page has to spare.
func (x *index) closePage() {
	if len(x.texts) > 0 {
		last := &x.texts[len(x.texts)-1]
		last.bytes = append(make([]byte, 0, len(last.bytes)), last.bytes...)
	}
}

func (x *index) enlarge() {
	old := x.table
	if old == nil {
		x.seed = maphash.MakeSeed()
	}
	x.table = make([]uint64, max(1024, 2*len(old)))
	for _, entry := range old {
		if entry != 0 {
			x.put(int(entry>>32)&(len(x.table)-1), entry)
		}
	}
}
