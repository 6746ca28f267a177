package dashboards

import (
	"context"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tappa/aggregate"
)

func (s *server) apiSnapshots(ctx context.Context, in *JourneyPath) (*answer[[]aggregate.Snapshot], error) {
	list, err := s.store.Snapshots(ctx, in.Journey)
	return answerOf(ctx, s, append([]aggregate.Snapshot{}, list...), err)
}

type snapshotInput struct {
	JourneyPath
	Month string `path:"month" example:"2026-01" doc:"Month; 2026-01@1 is its first version"`
}

// readMonth reads "2026-01" or "2026-01@2", a month and the version of its snapshot; 0 is the newest.
func readMonth(s string) (month string, version uint32, err error) {
	month, number, given := strings.Cut(s, "@")
	if !given {
		return month, 0, nil
	}
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil || n == 0 {
		return "", 0, badRequest("wrong.version", s)
	}
	return month, uint32(n), nil
}

func (s *server) apiSnapshot(ctx context.Context, in *snapshotInput) (*huma.StreamResponse, error) {
	month, version, err := readMonth(in.Month)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	snap, err := s.store.Snapshot(ctx, in.Journey, month, version)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "application/json")
		hc.SetHeader("ETag", `"`+snap.SHA256+`"`)
		if _, err := hc.BodyWriter().Write(snap.Content()); err != nil {
			s.logger.DebugContext(ctx, "write snapshot", "month", in.Month, "error", err)
		}
	}}, nil
}

type diffInput struct {
	JourneyPath
	Month   string `path:"month" example:"2026-01" doc:"The later month, or a version of it"`
	Against string `query:"against" required:"true" example:"2025-12" doc:"The earlier month, or a version of it"`
}

func (s *server) apiDiff(ctx context.Context, in *diffInput) (*answer[aggregate.Diff], error) {
	d, err := s.diff(ctx, in.Journey, in.Against, in.Month)
	return answerOf(ctx, s, d, err)
}

// diff compares two months, or versions of them, as readMonth reads them.
func (s *server) diff(ctx context.Context, id, before, after string) (aggregate.Diff, error) {
	later, laterVersion, err := readMonth(after)
	if err != nil {
		return aggregate.Diff{}, err
	}
	earlier, earlierVersion, err := readMonth(before)
	if err != nil {
		return aggregate.Diff{}, err
	}
	return s.store.CompareSnapshots(ctx, id, earlier, earlierVersion, later, laterVersion)
}
