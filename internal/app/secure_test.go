package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"tappa/aggregate"
	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/internal/testenv"
)

// environment sets TAPPA_* variables, over those that every installation needs.
func environment(t *testing.T, variables map[string]string) {
	t.Helper()
	for name, value := range map[string]string{"KAFKA_BROKERS": "127.0.0.1:1", "CLICKHOUSE": "127.0.0.1:1"} {
		t.Setenv("TAPPA_"+name, value)
	}
	for name, value := range variables {
		t.Setenv("TAPPA_"+name, value)
	}
}

// secretText is a password that must never be seen.
const secretText = "hunter2-swordfish"

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestConfigErrors gives several wrong values at once: each is named, with what is expected, and no secret is told.
func TestConfigErrors(t *testing.T) {
	empty, notPEM := file(t, "empty", "\n"), file(t, "ca.pem", "not PEM")
	for name, test := range map[string]struct {
		variables map[string]string
		want      []string // what each line of the error begins with
	}{
		"none": {nil, nil},
		"all at once": {map[string]string{
			"KAFKA_BROKERS": "a", "CLICKHOUSE": "", "CLICKHOUSE_PROTOCOL": "grpc", "TOPICS": "a b", "GROUP": "x", "DATABASE": "1;drop",
			"LISTEN": "8080", "ROLES": "dance", "READY_AFTER": "soon", "JOURNEYS": "/nowhere/j.yaml", "KAFKA_TLS": "maybe",
		}, []string{
			`TAPPA_KAFKA_BROKERS: "a"; expected host:port`, "TAPPA_CLICKHOUSE: missing; expected host:port", `TAPPA_CLICKHOUSE_PROTOCOL: "grpc"; expected native or http`,
			`TAPPA_DATABASE: "1;drop"; expected`, `TAPPA_TOPICS: "a b"; expected`, `TAPPA_ROLES: "dance"; expected some of collect`,
			`TAPPA_LISTEN: "8080"; expected host:port`, "TAPPA_JOURNEYS: open /nowhere", `TAPPA_READY_AFTER: "soon"; expected a duration`,
			`TAPPA_KAFKA_TLS: "maybe"; expected true or false`,
		}},
		"tuning": {map[string]string{
			"TOPIC_PATTERN": "crm(", "FLUSH_ROWS": "0", "FLUSH_BYTES": "32MB", "FLUSH_AGE": "1", "FETCH_BYTES": "4", "LANES": "-1",
			"STUCK_AFTER": "1ms", "SESSION_TIMEOUT": "2s", "VERIFY_EVERY": "1s", "AT_GAP": "wait", "AT_NEW_TOPIC": "weep",
		}, []string{
			`TAPPA_TOPIC_PATTERN: "crm("; expected`, `TAPPA_FLUSH_ROWS: "0"; expected a number from 1`, `TAPPA_FLUSH_BYTES: "32MB"; expected bytes`,
			`TAPPA_FLUSH_AGE: "1"; expected a duration`, `TAPPA_FETCH_BYTES: "4"; expected bytes`, `TAPPA_LANES: "-1"`, `TAPPA_STUCK_AFTER: "1ms"; expected`,
			`TAPPA_SESSION_TIMEOUT: "2s"; expected a duration such as 30s, at least 3s`, `TAPPA_AT_GAP: "wait"; expected go-on or stop`,
			`TAPPA_AT_NEW_TOPIC: "weep"; expected stop or restart`, `TAPPA_VERIFY_EVERY: "1s"; expected a duration such as 1h`,
		}},
		"more than Kafka can be asked for": {map[string]string{"FETCH_BYTES": "2GiB", "FLUSH_BYTES": "1GiB"}, []string{`TAPPA_FETCH_BYTES: "2GiB"; expected bytes such as 33554432 or 32MiB, from 1KiB to 1GiB`}},
		"a topic twice":                    {map[string]string{"TOPICS": "a,b, a=form"}, []string{`TAPPA_TOPICS: "a" is named twice`}},
		"names nearly right": {map[string]string{"TOPIC": "orders", "JOURNEY": "j.yaml", "KAFKA_SASL_MECANISM": "PLAIN"}, []string{
			"TAPPA_JOURNEY: there is no such variable; did you mean TAPPA_JOURNEYS?",
			"TAPPA_KAFKA_SASL_MECANISM: there is no such variable; did you mean TAPPA_KAFKA_SASL_MECHANISM?", "TAPPA_TOPIC: there is no such variable; did you mean TAPPA_TOPICS?",
		}},
		"names of others": {map[string]string{
			"SERVICE_HOST": "10.0.0.1", "SERVICE_PORT": "80", "PORT": "tcp://10.0.0.1:80", "PORT_80_TCP_ADDR": "10.0.0.1", "CLICKHOUSE_PORT": "tcp://10.0.0.2:9000",
			"CLICKHOUSE_SERVICE_PORT_HTTP": "8123", "LIBCHDB": "/nowhere", "ZENDESK_SECRET": secretText,
		}, nil},
		"blanks in lists": {map[string]string{
			"KAFKA_BROKERS": " 127.0.0.1:1, 127.0.0.1:2 ", "CLICKHOUSE": "127.0.0.1:1, 127.0.0.1:2", "TOPICS": "a, b", "ROLES": "collect, aggregate",
		}, nil},
		"dead letters collected": {map[string]string{"DEAD_LETTERS": "tappa.interactions"}, []string{"TAPPA_DEAD_LETTERS: "}},
		"unknown log-in": {map[string]string{
			"KAFKA_SASL_MECHANISM": "GSSAPI", "KAFKA_SASL_USERNAME": "u", "KAFKA_SASL_PASSWORD": secretText,
		}, []string{`TAPPA_KAFKA_SASL_MECHANISM: mechanism "GSSAPI": there are PLAIN`}},
		"log-in without a way":  {map[string]string{"KAFKA_SASL_PASSWORD": secretText}, []string{"TAPPA_KAFKA_SASL_MECHANISM: missing"}},
		"log-in without a user": {map[string]string{"KAFKA_SASL_MECHANISM": "plain"}, []string{"TAPPA_KAFKA_SASL_USERNAME: missing", "TAPPA_KAFKA_SASL_PASSWORD: missing"}},
		"password twice":        {map[string]string{"PASSWORD": secretText, "PASSWORD_FILE": empty}, []string{"TAPPA_PASSWORD: set, and TAPPA_PASSWORD_FILE as well"}},
		"password files": {map[string]string{"PASSWORD_FILE": empty, "KAFKA_SASL_PASSWORD_FILE": "/nowhere"}, []string{
			"TAPPA_KAFKA_SASL_PASSWORD_FILE: open /nowhere", "TAPPA_PASSWORD_FILE: ",
		}},
		"certificates": {map[string]string{"KAFKA_TLS_CA": notPEM, "KAFKA_TLS_CERT": notPEM, "CLICKHOUSE_TLS_CERT": notPEM, "CLICKHOUSE_TLS_KEY": notPEM}, []string{
			"TAPPA_KAFKA_TLS_CA: ", "TAPPA_KAFKA_TLS_CERT: set without TAPPA_KAFKA_TLS_KEY", "TAPPA_CLICKHOUSE_TLS_CERT: tls: ",
		}},
		"TLS files without TLS": {map[string]string{"CLICKHOUSE_TLS": "false", "CLICKHOUSE_TLS_SERVER_NAME": "ch"}, []string{"TAPPA_CLICKHOUSE_TLS: "}},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, test.variables)
			_, err := ReadConfig()
			if err == nil {
				if len(test.want) > 0 {
					t.Errorf("no error, want %q", test.want)
				}
				return
			}
			lines := strings.Split(err.Error(), "\n")
			lines = lines[:len(lines)-1] // where to read on
			if len(lines) != len(test.want) {
				t.Errorf("got %d errors, want %d:\n%v", len(lines), len(test.want), err)
			}
			for i := range min(len(lines), len(test.want)) {
				if !strings.HasPrefix(lines[i], test.want[i]) {
					t.Errorf("error %d: got %q, want %q…", i, lines[i], test.want[i])
				}
			}
			if strings.Contains(err.Error(), secretText) {
				t.Errorf("a secret is told: %v", err)
			}
		})
	}
}

// TestSecretsAreHidden prints a configuration in every way that happens by mistake.
func TestSecretsAreHidden(t *testing.T) {
	environment(t, map[string]string{
		"PASSWORD_FILE": file(t, "password", secretText+"\n"), "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512", "KAFKA_SASL_USERNAME": "u", "KAFKA_SASL_PASSWORD": secretText,
	})
	c, err := ReadConfig()
	if err != nil {
		t.Fatal(err)
	}
	if c.store.Password != secretText || c.connection.SASL == nil {
		t.Errorf("password %q and log-in %v, want those given", c.store.Password, c.connection.SASL)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%v %+v %#v %s %v %+v %#v", c, c, c, c, c.KafkaSaslPassword, struct{ S secret }{c.KafkaSaslPassword}, struct{ S secret }{c.KafkaSaslPassword})
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("started", "config", c, "password", c.KafkaSaslPassword)
	slog.New(slog.NewTextHandler(&out, nil)).Info("started", "config", c, "password", c.KafkaSaslPassword)
	if err := ConfigUsage(&out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), secretText) {
		t.Errorf("the secret is told:\n%s", out.String())
	}
}

// fakeKafka starts an embedded broker that wants TLS, a client's certificate and a log-in.
func fakeKafka(t *testing.T, mechanism string) (brokers string, certificates testenv.Certificates) {
	t.Helper()
	certificates, err := testenv.NewCertificates(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	server := tlsServer(t, certificates)
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(server), kfake.EnableSASL(), kfake.Superuser(mechanism, "tappa", secretText), kfake.AllowAutoTopicCreation())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return cluster.ListenAddrs()[0], certificates
}

func tlsServer(t *testing.T, c testenv.Certificates) *tls.Config {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(c.ServerCert, c.ServerKey)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(c.CA)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}
}

// TestSecureKafka publishes, collects and verifies over every way into Kafka, and is refused where it should be.
func TestSecureKafka(t *testing.T) {
	secure := func(brokers string, c testenv.Certificates, variables map[string]string) map[string]string {
		all := map[string]string{"KAFKA_BROKERS": brokers}
		for name, value := range variables {
			all[name] = strings.NewReplacer("CA", c.CA, "CERT", c.ClientCert, "KEY", c.ClientKey).Replace(value)
		}
		return all
	}
	login := func(mechanism, password string) map[string]string {
		return map[string]string{"KAFKA_SASL_MECHANISM": mechanism, "KAFKA_SASL_USERNAME": "tappa", "KAFKA_SASL_PASSWORD": password}
	}
	and := func(a, b map[string]string) map[string]string {
		all := map[string]string{}
		for _, m := range []map[string]string{a, b} {
			for k, v := range m {
				all[k] = v
			}
		}
		return all
	}
	store := parts(t).Store
	authority := map[string]string{"KAFKA_TLS_CA": "CA"}
	client := map[string]string{"KAFKA_TLS_CA": "CA", "KAFKA_TLS_CERT": "CERT", "KAFKA_TLS_KEY": "KEY"}
	for _, mechanism := range ingest.Logins {
		t.Run("embedded "+mechanism, func(t *testing.T) {
			brokers, c := fakeKafka(t, mechanism)
			passes(t, store, secure(brokers, c, and(client, login(mechanism, secretText))))
			refused(t, secure(brokers, c, and(client, login(mechanism, "wrong"))))
			refused(t, secure(brokers, c, and(map[string]string{"KAFKA_TLS": "true"}, login(mechanism, secretText))))
			refused(t, secure(brokers, c, and(authority, login(mechanism, secretText))))
			refused(t, secure(brokers, c, and(client, and(login(mechanism, secretText), map[string]string{"KAFKA_TLS_SERVER_NAME": "elsewhere"}))))
		})
	}
	t.Run("apache", func(t *testing.T) {
		k := testenv.ApacheKafkaSecure(t)
		for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-512"} {
			passes(t, store, secure(k.SCRAM, k.Certificates, login(mechanism, k.Password)))
			passes(t, store, secure(k.Both, k.Certificates, and(authority, login(mechanism, k.Password))))
		}
		passes(t, store, secure(k.TLS, k.Certificates, client))
		refused(t, secure(k.SCRAM, k.Certificates, login("SCRAM-SHA-512", "wrong")))
		refused(t, secure(k.TLS, k.Certificates, authority))
		refused(t, secure(k.TLS, k.Certificates, map[string]string{"KAFKA_TLS": "true"}))
	})
}

// passes brings a record in as a configuration says, and accounts for it.
func passes(t *testing.T, store *aggregate.Store, variables map[string]string) {
	t.Helper()
	topic := testenv.Topic(t)
	variables["TOPICS"], variables["DEAD_LETTERS"], variables["GROUP"] = topic, topic+"-dead", topic
	environment(t, variables)
	config, err := ReadConfig()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	producer := config.connection.Producer(config.KafkaBrokers, topic)
	value, err := source.Event{
		ID: "1", Origin: "site", Type: "form.submitted", Time: yearEnd, Data: source.Form{Form: "f", Customer: source.Party{Email: "a@example.com"}},
	}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if err := producer.Publish(ctx, ingest.Message{Value: value}); err != nil {
		t.Errorf("publish: %v", err)
	}
	if err := producer.Close(); err != nil {
		t.Error(err)
	}
	pipeline := config.pipeline(store)
	pipeline.Journeys, pipeline.Logger = nil, quiet(t)
	if count, err := collectNow(ctx, pipeline); err != nil || count.Stored != 1 {
		t.Errorf("collected %+v, error %v; want 1 stored", count, err)
	}
	accounts, err := ingest.Verify(ctx, pipeline.verifyOptions())
	if sum := sumOf(accounts); err != nil || sum.Stored != 1 || sum.End != 1 {
		t.Errorf("accounts %+v, error %v; want 1 stored", sum, err)
	}
	clearEnvironment(t, variables)
}

// refused sees that a configuration does not get into Kafka.
func refused(t *testing.T, variables map[string]string) {
	t.Helper()
	environment(t, variables)
	config, err := ReadConfig()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	options := config.pipeline(nil).verifyOptions()
	options.Evidence = &aggregate.Store{} // is never asked
	if _, err := ingest.Verify(ctx, options); err == nil || ctx.Err() != nil {
		t.Errorf("%v: got %v, want to be refused", variables, err)
	} else if strings.Contains(err.Error(), secretText) {
		t.Errorf("a secret is told: %v", err)
	}
	clearEnvironment(t, variables)
}

func clearEnvironment(t *testing.T, variables map[string]string) {
	for name := range variables {
		t.Setenv("TAPPA_"+name, "")
		if err := os.Unsetenv("TAPPA_" + name); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSecureClickHouse reaches the engine through a server that wants TLS, a client's certificate and a password.
func TestSecureClickHouse(t *testing.T) {
	e := parts(t)
	holder, err := readAnnouncement(e.Dir)
	if err != nil {
		t.Fatal(err)
	}
	certificates, err := testenv.NewCertificates(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: holder.ClickHouse})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if key := r.Header.Get("X-ClickHouse-Key"); key != "" {
			user, password = r.Header.Get("X-ClickHouse-User"), key
		}
		if user != "tappa" || password != secretText {
			http.Error(w, "who is there?", http.StatusForbidden)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	server.TLS = tlsServer(t, certificates)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	for name, test := range map[string]struct {
		ca, password string
		passes       bool
	}{
		"all right": {certificates.CA, secretText, true}, "wrong password": {certificates.CA, "wrong", false}, "unknown authority": {"", secretText, false},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, map[string]string{
				"CLICKHOUSE": strings.TrimPrefix(server.URL, "https://"), "CLICKHOUSE_PROTOCOL": "http", "DATABASE": database, "USERNAME": "tappa",
				"PASSWORD_FILE": file(t, "password", test.password+"\n"), "CLICKHOUSE_TLS": "true",
				"CLICKHOUSE_TLS_CA": test.ca, "CLICKHOUSE_TLS_CERT": certificates.ClientCert, "CLICKHOUSE_TLS_KEY": certificates.ClientKey,
			})
			config, err := ReadConfig()
			if err != nil {
				t.Fatal(err)
			}
			store, err := aggregate.Open(t.Context(), config.store)
			if (err == nil) != test.passes {
				t.Errorf("open: %v, want it to pass: %v", err, test.passes)
			}
			if err == nil {
				_ = store.Close()
			} else if strings.Contains(err.Error(), secretText) {
				t.Errorf("a secret is told: %v", err)
			}
		})
	}
}
