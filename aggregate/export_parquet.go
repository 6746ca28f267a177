package aggregate

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// WriteParquet writes the rows as one Parquet file, in the order of the columns: instants in milliseconds UTC, durations
// in seconds, what is not there as null. How it was computed stands in the file's metadata, under "how" and "as_of".
func (r Report) WriteParquet(w io.Writer) (err error) {
	fields := make([]reflect.StructField, len(r.Columns))
	for i, c := range r.Columns {
		tag := c.Name + ",optional"
		if parquetType(c) == reflect.TypeFor[time.Time]() {
			tag += ",timestamp(millisecond)"
		}
		// Struct fields must be exported and are told apart by number; the file has the report's names.
		fields[i] = reflect.StructField{
			Name: fmt.Sprint("C", i), Type: reflect.PointerTo(parquetType(c)), Tag: reflect.StructTag(`parquet:"` + tag + `"`),
		}
	}
	row := reflect.StructOf(fields)
	out := parquet.NewGenericWriter[any](w, parquet.SchemaOf(reflect.New(row).Interface()), parquet.Compression(&zstd.Codec{}),
		parquet.KeyValueMetadata("report", r.Name), parquet.KeyValueMetadata("how", r.How),
		parquet.KeyValueMetadata("as_of", r.AsOf.UTC().Format(time.RFC3339Nano)), parquet.CreatedBy("tappa", "1", "0"))
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			err = fmt.Errorf("write report %s: %w", r.Name, err)
		}
	}()
	for _, values := range r.Rows {
		v := reflect.New(row).Elem()
		for i, value := range values {
			if err := setParquet(v.Field(i), r.Columns[i], value); err != nil {
				return err
			}
		}
		if _, err := out.Write([]any{v.Addr().Interface()}); err != nil {
			return err
		}
	}
	return nil
}

// parquetType is the Go type of a column's values, by its type in ClickHouse. What Parquet has no plain type for is text.
func parquetType(c Column) reflect.Type {
	name := c.Type
	for _, wrap := range []string{"LowCardinality(", "Nullable("} {
		if inner, ok := strings.CutPrefix(name, wrap); ok {
			name = strings.TrimSuffix(inner, ")")
		}
	}
	switch {
	case strings.HasPrefix(name, "DateTime"):
		return reflect.TypeFor[time.Time]()
	case strings.HasPrefix(name, "Float"):
		return reflect.TypeFor[float64]()
	case strings.HasPrefix(name, "UInt"):
		return reflect.TypeFor[uint64]()
	case strings.HasPrefix(name, "Int"):
		return reflect.TypeFor[int64]()
	case name == "Bool":
		return reflect.TypeFor[bool]()
	}
	return reflect.TypeFor[string]()
}

// setParquet fills a field; nil stays null.
func setParquet(field reflect.Value, c Column, value any) error {
	if value == nil {
		return nil
	}
	want := field.Type().Elem()
	v := reflect.ValueOf(value)
	if want.Kind() == reflect.String && v.Kind() != reflect.String {
		v = reflect.ValueOf(exact(c, value))
	}
	if !v.CanConvert(want) || (want.Kind() == reflect.String) != (v.Kind() == reflect.String) {
		return fmt.Errorf("column %s of type %s: no place for a %T", c.Name, c.Type, value)
	}
	to := reflect.New(want)
	to.Elem().Set(v.Convert(want))
	field.Set(to)
	return nil
}
