package chdb

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// listener is an HTTP server on one address.
type listener struct {
	addr   string
	server *http.Server
	done   chan struct{}
}

func newListener(addr string, h http.Handler, log *slog.Logger) (*listener, error) {
	socket, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	l := &listener{addr: socket.Addr().String(), done: make(chan struct{})}
	l.server = &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    4 << 20, // parameters travel in the URL
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	go func() {
		defer close(l.done)
		if err := l.server.Serve(socket); !errors.Is(err, http.ErrServerClosed) {
			log.Error("chdb: serve", "addr", l.addr, "error", err)
		}
	}()
	return l, nil
}

// stop lets running requests end until ctx does, then calls force, which ends what runs, waits a little more, and
// breaks the connections of clients that neither read nor write.
func (l *listener) stop(ctx context.Context, force func()) error {
	err := l.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		force()
		last, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		err = l.server.Shutdown(last)
	}
	if err != nil {
		err = errors.Join(err, l.server.Close())
	}
	<-l.done
	return err
}
