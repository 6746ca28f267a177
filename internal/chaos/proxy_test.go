package chaos

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// proxy stands between tappa and ClickHouse. It passes bytes on, until it is told to misbehave.
type proxy struct {
	listener net.Listener
	to       string
	wg       sync.WaitGroup

	mu    sync.Mutex
	rng   *rand.Rand
	how   mischief
	conns map[net.Conn]bool

	cutAnswers, cutRequests, heldBack, refused atomic.Int64
}

// mischief is what a proxy does to inserts, each with a chance from 0 to 1.
type mischief struct {
	cutAnswer  float64       // the insert arrives, its answer does not
	cutRequest float64       // the connection breaks in the middle of an insert
	holdBack   time.Duration // an answer to an insert is held back for up to so long
	refuse     bool          // no connection is taken, those there are broken
}

func newProxy(to string, seed uint64) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: l, to: to, rng: rand.New(rand.NewPCG(seed, 7)), conns: map[net.Conn]bool{}}
	p.wg.Go(p.accept)
	return p, nil
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

// set changes what the proxy does from now on.
func (p *proxy) set(how mischief) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.how = how
	if how.refuse {
		for c := range p.conns {
			_ = c.Close()
		}
	}
}

func (p *proxy) close() error {
	err := p.listener.Close()
	p.set(mischief{refuse: true})
	p.wg.Wait()
	return err
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.serve(client) })
	}
}

// track remembers a connection, or says that none is wanted.
func (p *proxy) track(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.how.refuse {
		p.refused.Add(1)
		return false
	}
	p.conns[c] = true
	return true
}

func (p *proxy) forget(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
	_ = c.Close()
}

// serve passes one connection on in both directions until either side ends it.
func (p *proxy) serve(client net.Conn) {
	defer p.forget(client)
	if !p.track(client) {
		return
	}
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer p.forget(server)
	if !p.track(server) {
		return
	}
	l := &line{proxy: p, client: client, server: server}
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.pass(server, client, l.request)
		_ = server.Close()
	}()
	l.pass(client, server, l.answer)
	_ = client.Close()
	_ = server.Close()
	<-done
}

// line is a connection and what is under way on it.
type line struct {
	proxy          *proxy
	client, server net.Conn
	inserting      atomic.Bool // an insert of a block was sent and not answered
}

var errCut = errors.New("cut")

// pass copies from one side to the other what look lets through.
func (l *line) pass(to io.Writer, from io.Reader, look func([]byte) ([]byte, error)) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			out, cut := look(buf[:n])
			if _, err := to.Write(out); err != nil || cut != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// request looks at what a client sends. The statement of an insert stands in the head, or at the body's beginning.
func (l *line) request(b []byte) ([]byte, error) {
	text := bytes.ReplaceAll(b[:min(len(b), 4096)], []byte("+"), []byte(" "))
	text = bytes.ReplaceAll(text, []byte("%20"), []byte(" "))
	if bytes.Contains(text, []byte("INSERT INTO records")) || bytes.Contains(text, []byte("INSERT INTO arrivals")) {
		l.inserting.Store(true)
	}
	if l.inserting.Load() && l.proxy.happens(func(m mischief) float64 { return m.cutRequest }) {
		l.proxy.cutRequests.Add(1)
		return b[:len(b)/2], errCut
	}
	return b, nil
}

// answer looks at what ClickHouse answers.
func (l *line) answer(b []byte) ([]byte, error) {
	if !l.inserting.CompareAndSwap(true, false) {
		return b, nil
	}
	if l.proxy.happens(func(m mischief) float64 { return m.cutAnswer }) {
		l.proxy.cutAnswers.Add(1)
		return nil, errCut
	}
	if d := l.proxy.delay(); d > 0 {
		l.proxy.heldBack.Add(1)
		time.Sleep(d)
	}
	return b, nil
}

// happens decides whether something happens now.
func (p *proxy) happens(chance func(mischief) float64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := chance(p.how)
	return c > 0 && p.rng.Float64() < c
}

// delay decides how long an answer is held back.
func (p *proxy) delay() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.how.holdBack == 0 {
		return 0
	}
	return time.Duration(p.rng.Int64N(int64(p.how.holdBack)))
}
