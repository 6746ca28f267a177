package journey

import "time"

// Block is what one flush writes: all or nothing, and the same bytes on every retry.
type Block struct {
	Token     string    // names the block's content; equal tokens mean equal blocks
	ArrivedAt time.Time // time of the block's first Kafka record
	Records   []Record
}
