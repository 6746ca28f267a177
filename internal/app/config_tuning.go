package app

import (
	"regexp"
	"strconv"
	"time"

	"tappa/ingest"
)

// TuningConfig is how collectors batch, wait and decide. Like Config's, its fields are text, so that all that is wrong
// with them can be said at once.
type TuningConfig struct {
	FlushRows      string `split_words:"true" default:"20000" desc:"a block is written when it has so many rows; a collector holds two blocks a lane at most"`
	FlushBytes     string `split_words:"true" default:"32MiB" desc:"or when its records have so many bytes"`
	FlushAge       string `split_words:"true" default:"1s" desc:"or when it has waited for so long"`
	FetchBytes     string `split_words:"true" default:"4MiB" desc:"size of one answer of Kafka; a collector holds two a partition at most"`
	Lanes          string `split_words:"true" desc:"blocks built and written side by side; default: the number of processors"`
	StuckAfter     string `split_words:"true" default:"5m" desc:"a block that ClickHouse has not taken for so long gives the partitions to other collectors"`
	SessionTimeout string `split_words:"true" default:"20s" desc:"silence after which Kafka takes a collector for dead"`
	VerifyEvery    string `split_words:"true" default:"1h" desc:"how often the role aggregate accounts for every record, for the metrics; or off"`
	AtGap          string `split_words:"true" default:"go-on" desc:"when retention deleted records that were not read: go-on or stop"`
	AtNewTopic     string `split_words:"true" default:"stop" desc:"when a topic was deleted and made anew: stop or restart at its beginning"`
}

// minSession leaves room for heartbeats, and for handing over, before a session ends.
const minSession = 3 * time.Second

// options validates the values and makes the collectors' options of them.
func (c TuningConfig) options(w *wrong) (o ingest.Options) {
	o.FlushRows = w.count("FLUSH_ROWS", c.FlushRows)
	o.FlushBytes = w.size("FLUSH_BYTES", c.FlushBytes)
	o.FlushAge = w.duration("FLUSH_AGE", c.FlushAge, time.Millisecond)
	o.FetchBytes = w.size("FETCH_BYTES", c.FetchBytes)
	if c.Lanes != "" {
		o.Lanes = w.count("LANES", c.Lanes)
	}
	o.StuckAfter = w.duration("STUCK_AFTER", c.StuckAfter, time.Second)
	o.SessionTimeout = w.duration("SESSION_TIMEOUT", c.SessionTimeout, minSession)
	o.RebalanceTimeout, o.HandOver, o.Heartbeat = o.SessionTimeout, min(8*time.Second, o.SessionTimeout*2/5), min(2*time.Second, o.SessionTimeout/4)
	w.need("AT_GAP", c.AtGap, c.AtGap == "go-on" || c.AtGap == "stop", "go-on or stop")
	w.need("AT_NEW_TOPIC", c.AtNewTopic, c.AtNewTopic == "stop" || c.AtNewTopic == "restart", "stop or restart")
	o.StopAtGap, o.RestartRecreated = c.AtGap == "stop", c.AtNewTopic == "restart"
	return o
}

// verifyEvery reads how often records are accounted for; 0 is never.
func (c TuningConfig) verifyEvery(w *wrong) time.Duration {
	if c.VerifyEvery == "off" {
		return 0
	}
	d, err := time.ParseDuration(c.VerifyEvery)
	w.need("VERIFY_EVERY", c.VerifyEvery, err == nil && d >= time.Minute, "a duration such as 1h, at least 1m, or off")
	return d
}

// count reads a number of 1 or more.
func (w *wrong) count(name, value string) int {
	n, err := strconv.Atoi(value)
	w.need(name, value, err == nil && n >= 1, "a number from 1")
	return n
}

// sizeForm is a number of bytes, with or without a unit.
var sizeForm = regexp.MustCompile(`^([0-9]{1,9})(KiB|MiB|GiB)?$`)

// size reads a number of bytes, from 1 KiB to 1 GiB: Kafka's protocol has 31 bits for it.
func (w *wrong) size(name, value string) int {
	n := 0
	if m := sizeForm.FindStringSubmatch(value); m != nil {
		n, _ = strconv.Atoi(m[1])
		n <<= map[string]int{"": 0, "KiB": 10, "MiB": 20, "GiB": 30}[m[2]]
	}
	w.need(name, value, n >= 1<<10 && n <= 1<<30, "bytes such as 33554432 or 32MiB, from 1KiB to 1GiB")
	return n
}

// duration reads a time of at least a minimum.
func (w *wrong) duration(name, value string, least time.Duration) time.Duration {
	d, err := time.ParseDuration(value)
	w.need(name, value, err == nil && d >= least, "a duration such as 30s, at least "+least.String())
	return d
}
