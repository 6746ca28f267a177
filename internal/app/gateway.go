package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tappa/ingest"
	"tappa/ingest/gateway"
)

// roleGateway is the role that takes webhooks in. It needs Kafka alone.
const roleGateway = "gateway"

// gatewayParts are what a gateway runs on.
type gatewayParts struct {
	config   *gateway.Config
	producer *ingest.Producer
	registry *prometheus.Registry
	logger   *slog.Logger
}

// listen binds the gateway's address and serves until the stack stops it: it finishes what it has in hand, and then lets
// Kafka go. It returns the address bound.
func (p gatewayParts) listen(st *stack, fail func(error)) (string, error) {
	st.pushClose("gateway's producer", p.producer.Close)
	g, err := gateway.New(gateway.Options{Config: p.config, Publisher: p.producer, Logger: p.logger, Registerer: p.registry})
	if err != nil {
		return "", err
	}
	listener, err := net.Listen("tcp", p.config.Listen)
	if err != nil {
		return "", fmt.Errorf("listen for webhooks: %w (listen in the gateway's configuration chooses another address)", err)
	}
	server := &http.Server{
		Handler: g, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 30*time.Second + p.config.Limits.Publish, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	serve := func() error { return server.Serve(listener) }
	if p.config.TLS.Cert != "" {
		serve = func() error { return server.ServeTLS(listener, p.config.TLS.Cert, p.config.TLS.Key) }
	}
	go func() {
		if err := serve(); !errors.Is(err, http.ErrServerClosed) {
			fail(fmt.Errorf("serve webhooks: %w", err))
		}
	}()
	st.push("gateway", func(ctx context.Context) error { return server.Shutdown(ctx) })
	return listener.Addr().String(), nil
}

// tellGateway says where webhooks go.
func tellGateway(out io.Writer, c *gateway.Config, addr string) {
	scheme := "http"
	if c.TLS.Cert != "" {
		scheme = "https"
	}
	fmt.Fprintf(out, "webhooks are taken in at %s://%s/in/NAME\n", scheme, addr)
}

// loadGateway reads the gateway's configuration, where one is named.
func (o *UpOptions) loadGateway() (*gateway.Config, error) {
	if o.Gateway == "" {
		return nil, nil
	}
	return gateway.Load(o.Gateway, os.Getenv)
}

// loadGateway reads the configuration that TAPPA_GATEWAY_CONFIG names, where the role is asked for.
func (c *Config) loadGateway(w *wrong) {
	if !slices.Contains(c.Roles, roleGateway) {
		return
	}
	if c.GatewayConfig == "" {
		w.add("GATEWAY_CONFIG", "missing; expected the gateway's configuration file, since it is among the roles")
		return
	}
	g, err := gateway.Load(c.GatewayConfig, os.Getenv)
	if err != nil {
		w.add("GATEWAY_CONFIG", err.Error())
		return
	}
	topics, _ := splitTopics(c.Topics)
	if g.Topic == "" && len(topics) > 0 {
		g.Topic = topics[0]
	}
	w.need("GATEWAY_CONFIG", g.Topic, topicName.MatchString(g.Topic), "a topic, in the file or in TAPPA_TOPICS")
	c.gateway = g
}

// gatewayOn prepares the gateway that a configuration asks for.
func (c *Config) gatewayOn(registry *prometheus.Registry, logger *slog.Logger) gatewayParts {
	return gatewayParts{c.gateway, c.connection.Producer(c.KafkaBrokers, c.gateway.Topic), registry, logger}
}
