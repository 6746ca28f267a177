package dashboards

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tappa/alert"
)

// Alerts are what the API asks about alerts: a watcher.
type Alerts interface {
	Definitions() *alert.Definitions
	States(ctx context.Context) ([]*alert.State, error)
	Test(ctx context.Context, id string) (told []string, err error)
}

// routeAlerts adds what the API says of alerts.
func (s *server) routeAlerts(api huma.API) {
	huma.Register(api, get("list-alerts", "/alerts", "What is watched, and what fires or ended of late"), s.apiAlerts)
	huma.Register(api, huma.Operation{
		OperationID: "test-alert", Method: http.MethodPost, Path: apiBase + "/alerts/{id}/test", Middlewares: s.guard(api),
		Summary:  "Tell everybody whom an alert would tell that this is a test",
		Security: []map[string][]string{{"token": {}}, {}},
	}, s.apiTestAlert)
}

type alertBody struct {
	ID        string            `json:"id"`
	Labels    map[string]string `json:"labels"`
	Report    string            `json:"report"`
	Column    string            `json:"column"`
	Condition string            `json:"condition" doc:"When it holds, in words"`
	Notify    []string          `json:"notify"`
}

type alertsBody struct {
	Alerts []alertBody    `json:"alerts"`
	Causes []*alert.State `json:"causes" doc:"What holds, fires, or ended in the last seven days"`
}

func (s *server) apiAlerts(ctx context.Context, _ *struct{}) (*answer[alertsBody], error) {
	out := alertsBody{Alerts: []alertBody{}, Causes: []*alert.State{}}
	if s.alerts == nil {
		return &answer[alertsBody]{out}, nil
	}
	for _, a := range s.alerts.Definitions().Alerts {
		out.Alerts = append(out.Alerts, alertBody{a.ID, a.Labels, a.Report, a.Column, a.Condition(), a.Notify})
	}
	states, err := s.alerts.States(ctx)
	out.Causes = append(out.Causes, states...)
	return answerOf(ctx, s, out, err)
}

type toldBody struct {
	Told []string `json:"told" doc:"Who was told"`
}

func (s *server) apiTestAlert(ctx context.Context, in *struct {
	ID string `path:"id"`
},
) (*answer[toldBody], error) {
	if s.alerts == nil {
		return nil, huma.Error404NotFound("no alerts are watched here")
	}
	told, err := s.alerts.Test(ctx, in.ID)
	switch {
	case errors.Is(err, alert.ErrNoAlert):
		return nil, huma.Error404NotFound(err.Error())
	case err != nil:
		s.logger.ErrorContext(ctx, "test alert", "alert", in.ID, "error", err)
		return nil, huma.Error502BadGateway(fmt.Sprintf("%d told; %v", len(told), err))
	}
	return &answer[toldBody]{toldBody{told}}, nil
}
