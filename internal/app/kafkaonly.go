package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// kafkaOnly says that a process does nothing but what needs Kafka alone, so that it wants no ClickHouse.
func (c *Config) kafkaOnly() bool {
	return len(c.Roles) > 0 && !slices.ContainsFunc(c.Roles, func(r string) bool { return r != roleGateway && r != roleSuiteCRM })
}

// serveKafkaOnly runs a gateway, a relay or both, with metrics and health beside them.
func serveKafkaOnly(ctx context.Context, c Config, out io.Writer, logger *slog.Logger) (err error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var st stack
	defer func() { err = errors.Join(err, st.Close()) }()
	registry := newRegistry()
	ready := func() error { return nil }
	if slices.Contains(c.Roles, roleSuiteCRM) {
		relay, err := startRelay(&st, fail, c.relay(), c.readyAfter, logger, registry)
		if err != nil {
			return err
		}
		ready = relay.Ready
	}
	if c.gateway != nil {
		addr, err := c.gatewayOn(registry, logger).listen(&st, fail)
		if err != nil {
			return err
		}
		tellGateway(out, c.gateway, addr)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen for metrics: %w (TAPPA_LISTEN chooses another address)", err)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fail(fmt.Errorf("serve metrics: %w", err))
		}
	}()
	st.push("metrics", func(ctx context.Context) error { return server.Shutdown(ctx) })
	fmt.Fprintf(out, "tappa serves %v, metrics and health on http://%s/\n", c.Roles, listener.Addr())
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}
