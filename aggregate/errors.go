package aggregate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

// Kind says what a failed write means for the block.
type Kind string

// The kinds of failed writes.
const (
	Retryable Kind = "retryable" // not stored; the same block may pass later
	Permanent Kind = "permanent" // not stored, and never will be: the schema, the rights or the statement are wrong
	Unknown   Kind = "unknown"   // perhaps stored; only the same block under the same token may be sent again
)

// WriteError is a failed write of a block.
type WriteError struct {
	Kind Kind
	Code int32 // ClickHouse's error code; 0 where ClickHouse did not answer
	Err  error
}

// Error says what failed and whether it is worth trying again.
func (e *WriteError) Error() string { return fmt.Sprintf("write interactions (%s): %v", e.Kind, e.Err) }

// Unwrap gives the driver's error.
func (e *WriteError) Unwrap() error { return e.Err }

// Permanent reports whether sending the block again is pointless.
func (e *WriteError) Permanent() bool { return e.Kind == Permanent }

// Unknown reports whether the block may have been stored in spite of the error.
func (e *WriteError) Unknown() bool { return e.Kind == Unknown }

// kinds sorts ClickHouse's error codes. What is not listed is unknown: a retry with the same token is always safe.
var kinds = map[int32]Kind{
	6:   Permanent, // CANNOT_PARSE_TEXT
	10:  Permanent, // NOT_FOUND_COLUMN_IN_BLOCK
	16:  Permanent, // NO_SUCH_COLUMN_IN_TABLE
	20:  Permanent, // NUMBER_OF_COLUMNS_DOESNT_MATCH
	33:  Permanent, // CANNOT_READ_ALL_DATA
	36:  Permanent, // BAD_ARGUMENTS
	44:  Permanent, // ILLEGAL_COLUMN
	47:  Permanent, // UNKNOWN_IDENTIFIER
	50:  Permanent, // UNKNOWN_TYPE
	53:  Permanent, // TYPE_MISMATCH
	60:  Permanent, // UNKNOWN_TABLE
	62:  Permanent, // SYNTAX_ERROR
	69:  Permanent, // ARGUMENT_OUT_OF_BOUND
	70:  Permanent, // CANNOT_CONVERT_TYPE
	73:  Permanent, // UNKNOWN_FORMAT
	81:  Permanent, // UNKNOWN_DATABASE
	115: Permanent, // UNKNOWN_SETTING
	117: Permanent, // INCORRECT_DATA
	164: Permanent, // READONLY
	192: Permanent, // UNKNOWN_USER
	193: Permanent, // WRONG_PASSWORD
	349: Permanent, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
	469: Permanent, // VIOLATED_CONSTRAINT
	497: Permanent, // ACCESS_DENIED
	516: Permanent, // AUTHENTICATION_FAILED

	173: Retryable, // CANNOT_ALLOCATE_MEMORY
	201: Retryable, // QUOTA_EXCEEDED
	202: Retryable, // TOO_MANY_SIMULTANEOUS_QUERIES
	203: Retryable, // NO_FREE_CONNECTION
	225: Retryable, // NO_ZOOKEEPER
	241: Retryable, // MEMORY_LIMIT_EXCEEDED
	242: Retryable, // TABLE_IS_READ_ONLY
	243: Retryable, // NOT_ENOUGH_SPACE
	252: Retryable, // TOO_MANY_PARTS
	285: Retryable, // TOO_FEW_LIVE_REPLICAS
	286: Retryable, // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
	439: Retryable, // CANNOT_SCHEDULE_TASK
	473: Retryable, // DEADLOCK_AVOIDED

	159: Unknown, // TIMEOUT_EXCEEDED
	209: Unknown, // SOCKET_TIMEOUT
	210: Unknown, // NETWORK_ERROR
	319: Unknown, // UNKNOWN_STATUS_OF_INSERT
	394: Unknown, // QUERY_WAS_CANCELLED
	999: Unknown, // KEEPER_EXCEPTION
}

// writeError sorts an error of the driver. Where ClickHouse gave no code, all but a refused connection is unknown: the
// block may have arrived before the line broke.
func writeError(err error) error {
	if err == nil {
		return nil
	}
	var exception *proto.Exception
	if errors.As(err, &exception) {
		kind, listed := kinds[exception.Code]
		if !listed {
			kind = Unknown
		}
		return &WriteError{Kind: kind, Code: exception.Code, Err: err}
	}
	var dial *net.OpError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &WriteError{Kind: Unknown, Err: err}
	case errors.Is(err, syscall.ECONNREFUSED), errors.As(err, &dial) && dial.Op == "dial":
		return &WriteError{Kind: Retryable, Err: err}
	}
	return &WriteError{Kind: Unknown, Err: err}
}
