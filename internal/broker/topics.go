package broker

import (
	"context"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// autoTopics makes a topic when a client first asks about it. kfake can do so itself, but writes such a topic down
// only when it is closed, so a kill would lose it with its acknowledged records; a topic made by a request is written
// down before the request is answered.
type autoTopics struct {
	create func(context.Context, string) error

	mu    sync.Mutex
	known map[string]bool
}

// watch begins to look at the requests of clients.
func (a *autoTopics) watch(cluster *kfake.Cluster) {
	cluster.ControlKey(int16(kmsg.Metadata), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if missing := a.missing(req.(*kmsg.MetadataRequest)); len(missing) > 0 {
			cluster.SleepControl(func() { a.make(missing) })
		}
		return nil, nil, false
	})
	cluster.ControlKey(int16(kmsg.DeleteTopics), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		a.mu.Lock()
		defer a.mu.Unlock()
		clear(a.known)
		return nil, nil, false
	})
}

// missing lists the topics a request names, may create, and that are not known to exist.
func (a *autoTopics) missing(req *kmsg.MetadataRequest) []string {
	if !req.AllowAutoTopicCreation {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var names []string
	for _, t := range req.Topics {
		if t.Topic != nil && *t.Topic != "" && !a.known[*t.Topic] {
			names = append(names, *t.Topic)
		}
	}
	return names
}

// make creates topics; one that cannot be made is left to the client, which is told that it does not exist.
func (a *autoTopics) make(names []string) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for _, name := range names {
		if a.create(ctx, name) == nil {
			a.mu.Lock()
			a.known[name] = true
			a.mu.Unlock()
		}
	}
}
