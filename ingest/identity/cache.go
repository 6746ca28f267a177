package identity

import (
	"hash/maphash"
	"sync"
)

const (
	cacheShards    = 16
	answersOfShard = 4096 // of one generation: at most 2 × 16 × 4096 answers are remembered
)

var cacheSeed = maphash.MakeSeed()

// cache remembers answers that are dear to find, in bounded memory. Each shard keeps two generations: when the young
// one is full it becomes the old one, and what is still asked for is carried over, so no list has to be kept in
// order.
type cache[K comparable, V any] struct {
	shards [cacheShards]shard[K, V]
}

type shard[K comparable, V any] struct {
	mu         sync.Mutex
	young, old map[K]V
}

// shard returns the shard of a key, told by a text in it.
func (c *cache[K, V]) shard(text string) *shard[K, V] {
	return &c.shards[maphash.String(cacheSeed, text)%cacheShards]
}

func (c *cache[K, V]) get(text string, key K) (V, bool) {
	s := c.shard(text)
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.young[key]; ok {
		return v, true
	}
	v, ok := s.old[key]
	if ok {
		s.keep(key, v)
	}
	return v, ok
}

// put remembers an answer. The key must own its memory.
func (c *cache[K, V]) put(text string, key K, v V) {
	s := c.shard(text)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep(key, v)
}

// keep stores into the young generation, and starts a new one when it is full.
func (s *shard[K, V]) keep(key K, v V) {
	if s.young == nil || len(s.young) >= answersOfShard {
		s.old, s.young = s.young, make(map[K]V)
	}
	s.young[key] = v
}
