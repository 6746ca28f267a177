package dashboards

import (
	"bytes"
	"context"
	"io"

	"github.com/danielgtaylor/huma/v2"

	"tappa/aggregate"
)

// fileFormats are the forms a table can be had in, with their media types.
var fileFormats = map[string]struct {
	media string
	write func(aggregate.Report, io.Writer) error
}{
	"csv":     {"text/csv; charset=utf-8", aggregate.Report.WriteCSV},
	"xlsx":    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", aggregate.Report.WriteXLSX},
	"parquet": {"application/vnd.apache.parquet", aggregate.Report.WriteParquet},
}

// asFile answers with a table as a file. It is made wholly before the first byte is sent: half a workbook is none.
func (s *server) asFile(ctx context.Context, name, format string, r aggregate.Report) (*huma.StreamResponse, error) {
	f := fileFormats[format]
	var b bytes.Buffer
	if err := f.write(r, &b); err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", f.media)
		hc.SetHeader("Content-Disposition", `attachment; filename="`+name+"."+format+`"`)
		if _, err := b.WriteTo(hc.BodyWriter()); err != nil {
			s.logger.DebugContext(ctx, "write file", "name", name, "error", err) // who asked has gone
		}
	}}, nil
}

// FileFormat is the form a table is wanted in.
type FileFormat struct {
	Format string `path:"format" enum:"csv,xlsx,parquet"`
}

type reportFileInput struct {
	FilterParams
	FileFormat
	Name string `path:"name" doc:"Report name, e.g. dropoff"`
}

func (s *server) apiReportFile(ctx context.Context, in *reportFileInput) (*huma.StreamResponse, error) {
	report, err := s.apiAsk(ctx, &reportInput{in.FilterParams, in.Name})
	if err != nil {
		return nil, err
	}
	return s.asFile(ctx, in.Journey+"-"+in.Name, in.Format, report)
}

type snapshotFileInput struct {
	JourneyPath
	FileFormat
	Month string `path:"month" example:"2026-01" doc:"Month; 2026-01@1 is its first version"`
}

func (s *server) apiSnapshotFile(ctx context.Context, in *snapshotFileInput) (*huma.StreamResponse, error) {
	month, version, err := readMonth(in.Month)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	snap, err := s.store.Snapshot(ctx, in.Journey, month, version)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	report, err := snap.Report()
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return s.asFile(ctx, in.Journey+"-"+snap.Month, in.Format, report)
}
