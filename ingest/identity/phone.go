package identity

import (
	"hash/maphash"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"

	"tappa/journey"
)

// Phone returns the key of a phone number in E.164, or "" if it is none: not a number, or one that the numbering
// plan of its country does not know. country (ISO 3166-1 alpha-2) reads national numbers; with "" only numbers with
// a prefix are keys. "00" counts as "+".
func (n *Normaliser) Phone(s, country string) journey.ContactKey {
	s = strings.TrimSpace(s)
	if len(s) < 4 || len(s) > 64 {
		return ""
	}
	if key, ok := n.phones.get(s, country); ok {
		return key
	}
	key := parsePhone(s, country)
	n.phones.put(s, country, key)
	return key
}

func parsePhone(s, country string) journey.ContactKey {
	if rest, ok := strings.CutPrefix(s, "tel:"); ok {
		s = rest
	}
	if rest, ok := strings.CutPrefix(s, "00"); ok {
		s = "+" + rest
	}
	number, err := phonenumbers.Parse(s, country)
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return ""
	}
	key := journey.ContactKey(KindPhone + ":" + phonenumbers.Format(number, phonenumbers.E164))
	if ext := number.GetExtension(); ext != "" {
		key += journey.ContactKey(";ext=" + ext)
	}
	return key
}

const (
	phoneShards    = 16
	phonesPerShard = 4096 // numbers of one generation: at most 2 × 16 × 4096 are remembered
)

var phoneSeed = maphash.MakeSeed()

// phoneCache remembers numbers by how they were written. Each shard keeps two generations: when the young one is
// full it becomes the old one, and what is still asked for is carried over, so memory is bounded without a list.
type phoneCache struct {
	shards [phoneShards]phoneShard
}

type phoneShard struct {
	mu         sync.Mutex
	young, old map[phoneAsked]journey.ContactKey
}

type phoneAsked struct{ number, country string }

func (c *phoneCache) shard(number string) *phoneShard {
	return &c.shards[maphash.String(phoneSeed, number)%phoneShards]
}

func (c *phoneCache) get(number, country string) (journey.ContactKey, bool) {
	s := c.shard(number)
	asked := phoneAsked{number, country}
	s.mu.Lock()
	defer s.mu.Unlock()
	if key, ok := s.young[asked]; ok {
		return key, true
	}
	key, ok := s.old[asked]
	if ok {
		s.keep(asked, key)
	}
	return key, ok
}

func (c *phoneCache) put(number, country string, key journey.ContactKey) {
	s := c.shard(number)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep(phoneAsked{strings.Clone(number), strings.Clone(country)}, key)
}

// keep stores into the young generation, and starts a new one when it is full.
func (s *phoneShard) keep(asked phoneAsked, key journey.ContactKey) {
	if s.young == nil || len(s.young) >= phonesPerShard {
		s.old, s.young = s.young, make(map[phoneAsked]journey.ContactKey)
	}
	s.young[asked] = key
}
