package aggregate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"

	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

// Kind says what a failed write means for the block.
type Kind string

// The kinds of failed writes.
const (
	Retryable Kind = "retryable" // not stored; the same block may pass later
	Permanent Kind = "permanent" // not stored, and never will be: a row, the schema, the rights or the statement are wrong
	Unknown   Kind = "unknown"   // perhaps stored; only the same block under the same token may be sent again
)

// WriteError is a failed write of a block.
type WriteError struct {
	Kind Kind
	Code int32 // ClickHouse's error code; 0 where ClickHouse did not answer
	Row  bool  // a row of the block is at fault
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

// RowAtFault reports whether nothing was stored because of the values of some row: without that row the block may pass.
func (e *WriteError) RowAtFault() bool { return e.Row }

// Busy reports whether ClickHouse has too much to do, so that the block had better be sent later than usual.
func (e *WriteError) Busy() bool { return verdicts[e.Code].busy }

// Cause names the failure in a word: ClickHouse's name of its error in small letters, such as "too-many-parts", or what
// happened to the connection.
func (e *WriteError) Cause() string {
	if v, listed := verdicts[e.Code]; listed {
		return strings.ReplaceAll(strings.ToLower(v.name), "_", "-")
	}
	switch {
	case e.Code != 0:
		return "code-" + strconv.Itoa(int(e.Code))
	case errors.Is(e.Err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(e.Err, context.Canceled):
		return "cancelled"
	case e.Kind == Retryable:
		return "refused"
	}
	return "broken-connection"
}

// verdict is what an error code says of a block.
type verdict struct {
	kind Kind
	row  bool   // some row of the block is at fault; the others may pass without it
	busy bool   // ClickHouse has too much to do
	name string // ClickHouse's own of the code
}

// of is a verdict on a named code.
func (v verdict) of(name string) verdict {
	v.name = name
	return v
}

// The verdicts there are.
var (
	badRow   = verdict{kind: Permanent, row: true}
	badTable = verdict{kind: Permanent}
	tryLater = verdict{kind: Retryable}
	slowDown = verdict{kind: Retryable, busy: true}
	unsure   = verdict{kind: Unknown}
)

// verdicts sorts ClickHouse's error codes. What is not listed is unknown: a retry under the same token is always safe,
// while blaming a row for what is wrong with the table would empty the topic into the dead letters.
var verdicts = map[int32]verdict{
	// Permanent, and about the values of a row. A block without that row may pass.
	6:   badRow.of("CANNOT_PARSE_TEXT"), // a text is no value of its column
	25:  badRow.of("CANNOT_PARSE_ESCAPE_SEQUENCE"),
	26:  badRow.of("CANNOT_PARSE_QUOTED_STRING"),
	27:  badRow.of("CANNOT_PARSE_INPUT_ASSERTION_FAILED"),
	38:  badRow.of("CANNOT_PARSE_DATE"),
	41:  badRow.of("CANNOT_PARSE_DATETIME"),
	69:  badRow.of("ARGUMENT_OUT_OF_BOUND"), // a value is beyond what its column can hold
	70:  badRow.of("CANNOT_CONVERT_TYPE"),   // a value cannot be cast to its column
	72:  badRow.of("CANNOT_PARSE_NUMBER"),
	117: badRow.of("INCORRECT_DATA"), // the values contradict one another
	128: badRow.of("TOO_LARGE_ARRAY_SIZE"),
	131: badRow.of("TOO_LARGE_STRING_SIZE"),
	190: badRow.of("SIZES_OF_ARRAYS_DONT_MATCH"),
	321: badRow.of("VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE"),
	349: badRow.of("CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN"),
	395: badRow.of("FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"), // a check that somebody hung on the table
	407: badRow.of("DECIMAL_OVERFLOW"),
	467: badRow.of("CANNOT_PARSE_BOOL"),
	469: badRow.of("VIOLATED_CONSTRAINT"),
	691: badRow.of("UNKNOWN_ELEMENT_OF_ENUM"),

	// Permanent, and about the table, the statement or the rights: every block would fail.
	8:   badTable.of("THERE_IS_NO_COLUMN"),
	10:  badTable.of("NOT_FOUND_COLUMN_IN_BLOCK"),
	16:  badTable.of("NO_SUCH_COLUMN_IN_TABLE"),
	20:  badTable.of("NUMBER_OF_COLUMNS_DOESNT_MATCH"),
	36:  badTable.of("BAD_ARGUMENTS"),
	44:  badTable.of("ILLEGAL_COLUMN"),
	47:  badTable.of("UNKNOWN_IDENTIFIER"),
	50:  badTable.of("UNKNOWN_TYPE"),
	53:  badTable.of("TYPE_MISMATCH"), // a column's type is not the table's, in every row alike
	60:  badTable.of("UNKNOWN_TABLE"),
	62:  badTable.of("SYNTAX_ERROR"),
	73:  badTable.of("UNKNOWN_FORMAT"),
	81:  badTable.of("UNKNOWN_DATABASE"),
	115: badTable.of("UNKNOWN_SETTING"),
	164: badTable.of("READONLY"),
	192: badTable.of("UNKNOWN_USER"),
	193: badTable.of("WRONG_PASSWORD"),
	497: badTable.of("ACCESS_DENIED"),
	516: badTable.of("AUTHENTICATION_FAILED"),

	// Not stored: refused before anything was written, for want of something that may come back.
	33:  tryLater.of("CANNOT_READ_ALL_DATA"), // the block was cut off on its way
	173: tryLater.of("CANNOT_ALLOCATE_MEMORY"),
	201: tryLater.of("QUOTA_EXCEEDED"),
	202: slowDown.of("TOO_MANY_SIMULTANEOUS_QUERIES"),
	203: slowDown.of("NO_FREE_CONNECTION"),
	225: tryLater.of("NO_ZOOKEEPER"),
	241: slowDown.of("MEMORY_LIMIT_EXCEEDED"),
	242: tryLater.of("TABLE_IS_READ_ONLY"),
	243: tryLater.of("NOT_ENOUGH_SPACE"),
	252: slowDown.of("TOO_MANY_PARTS"),
	285: tryLater.of("TOO_FEW_LIVE_REPLICAS"),
	286: tryLater.of("UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE"),
	439: slowDown.of("CANNOT_SCHEDULE_TASK"),
	473: tryLater.of("DEADLOCK_AVOIDED"),

	// Perhaps stored: something broke while it was written, or the answer is lost.
	74:   unsure.of("CANNOT_READ_FROM_FILE_DESCRIPTOR"),
	75:   unsure.of("CANNOT_WRITE_TO_FILE_DESCRIPTOR"), // the disk is full
	76:   unsure.of("CANNOT_OPEN_FILE"),
	236:  unsure.of("ABORTED"), // ClickHouse is shutting down
	1001: unsure.of("STD_EXCEPTION"),
	159:  unsure.of("TIMEOUT_EXCEEDED"),
	209:  unsure.of("SOCKET_TIMEOUT"),
	210:  unsure.of("NETWORK_ERROR"),
	319:  unsure.of("UNKNOWN_STATUS_OF_INSERT"),
	394:  unsure.of("QUERY_WAS_CANCELLED"),
	999:  unsure.of("KEEPER_EXCEPTION"),
}

// writeError sorts an error of the driver. Where ClickHouse gave no code, all but a refused connection is unknown: the
// block may have arrived before the line broke.
func writeError(err error) error {
	if err == nil {
		return nil
	}
	var exception *proto.Exception
	if errors.As(err, &exception) {
		v, listed := verdicts[exception.Code]
		if !listed {
			v = unsure
		}
		return &WriteError{Kind: v.kind, Code: exception.Code, Row: v.row, Err: err}
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
