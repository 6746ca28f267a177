package journey

import (
	"context"
	"time"
)

// Block is what one flush writes: all or nothing, and the same bytes on every retry.
type Block struct {
	Token     string    // names the block's content; equal tokens mean equal blocks
	ArrivedAt time.Time // time of the block's first Kafka record
	Records   []Record
}

// BlockBuilder takes in a block's records as they come, in the form that storage wants, and is used again for the next block.
type BlockBuilder interface {
	// Begin empties it for a block that arrived then.
	Begin(arrivedAt time.Time)

	// Append takes in records. It keeps neither the slice nor the records.
	Append(records []Record)

	// Write stores what was taken in, all of it or nothing. It may be called again, with the same token, after it has failed.
	Write(ctx context.Context, token string) error
}

// Collected builds blocks for a write that wants the records as they are.
func Collected(write func(context.Context, Block) error) BlockBuilder {
	return &collected{write: write}
}

type collected struct {
	block Block
	write func(context.Context, Block) error
}

func (c *collected) Begin(arrivedAt time.Time) {
	clear(c.block.Records) // their texts are not kept alive
	c.block.ArrivedAt, c.block.Records = arrivedAt, c.block.Records[:0]
}

func (c *collected) Append(records []Record) { c.block.Records = append(c.block.Records, records...) }

func (c *collected) Write(ctx context.Context, token string) error {
	c.block.Token = token
	return c.write(ctx, c.block)
}
