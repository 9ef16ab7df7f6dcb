package docker_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/helper/wire/docker"
	"github.com/codex-cred/codex-cred/helper/wire/wiretest"
)

func serve(t *testing.T, s *wiretest.Source, operation, in string) (string, error) {
	t.Helper()
	var out strings.Builder
	err := docker.Serve(t.Context(), operation, strings.NewReader(in), &out, s)
	return out.String(), err
}

func configured() *wiretest.Source {
	return &wiretest.Source{Configured: []string{
		"https://reg.example", "https://reg.example:5000",
		"http://127.0.0.1:7777", "https://127.0.0.1:8888",
	}}
}

func answer(server string) string {
	return `{"ServerURL":"` + server + `","Username":"oauth2","Secret":"` + wiretest.Secret + "\"}\n"
}

func TestGet(t *testing.T) {
	for name, row := range map[string]struct {
		in, want string
		err      error
	}{
		"a name":                {"reg.example", answer("reg.example"), nil},
		"a newline after it":    {"reg.example\n", answer("reg.example"), nil},
		"a URL with a path":     {"https://reg.example/v1/", answer("https://reg.example/v1/"), nil},
		"a port":                {"reg.example:5000", answer("reg.example:5000"), nil},
		"loopback":              {"127.0.0.1:7777", answer("127.0.0.1:7777"), nil},
		"loopback has TLS":      {"127.0.0.1:8888", answer("127.0.0.1:8888"), nil},
		"loopback in clear":     {"http://127.0.0.1:8888", "", docker.ErrNotFound},
		"another host":          {"other.example", "", docker.ErrNotFound},
		"another port":          {"reg.example:6000", "", docker.ErrNotFound},
		"in clear":              {"http://reg.example", "", docker.ErrNotFound},
		"loopback with TLS":     {"https://127.0.0.1:7777", "", docker.ErrNotFound},
		"a user":                {"https://reg.example@other.example", "", docker.ErrNotFound},
		"a path that looks so":  {"other.example/reg.example", "", docker.ErrNotFound},
		"nothing":               {"", "", docker.ErrNoURL},
		"blanks":                {" \n", "", docker.ErrNoURL},
		"a NUL":                 {"reg.example\x00", "", wire.ErrMalformed},
		"two lines":             {"other.example\nreg.example", "", wire.ErrMalformed},
		"more than 1 MiB":       {"reg.example/" + strings.Repeat("a", 1<<20), "", wire.ErrMalformed},
		"an encoded line break": {"reg.example%0a.other.example", "", docker.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serve(t, configured(), "get", row.in)
			if !errors.Is(err, row.err) || got != row.want {
				t.Errorf("answer %q, %v; want %q, %v", got, err, row.want, row.err)
			}
		})
	}
}

func TestNoToken(t *testing.T) {
	s := configured()
	s.Err = errors.New("sign in again")
	if got, err := serve(t, s, "get", "reg.example"); !errors.Is(err, s.Err) || got != "" {
		t.Errorf("answer %q, %v; want none, and the reason", got, err)
	}
}

func TestStore(t *testing.T) {
	for name, row := range map[string]struct{ in, err string }{
		"what get gave": {`{"ServerURL":"reg.example","Username":"oauth2","Secret":"` + wiretest.Secret +
			`","Future":1}`, ""},
		"another secret": {`{"ServerURL":"reg.example","Username":"me","Secret":"hunter2"}`, "keeps no passwords"},
		"ours for another host": {
			`{"ServerURL":"other.example","Username":"me","Secret":"` + wiretest.Secret + `"}`,
			"keeps no passwords",
		},
		"no URL":    {`{"Username":"me","Secret":"x"}`, docker.ErrNoURL.Error()},
		"no user":   {`{"ServerURL":"reg.example","Secret":"x"}`, docker.ErrNoUser.Error()},
		"no secret": {`{"ServerURL":"reg.example","Username":"me"}`, "no secret"},
		"no object": {`"hunter2"`, "no JSON object"},
		"cut short": {`{"ServerURL":"reg.example","Secret":"hunter2`, "no JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serve(t, configured(), "store", row.in)
			if got != "" || (err == nil) != (row.err == "") || err != nil && !strings.Contains(err.Error(), row.err) {
				t.Errorf("answer %q, %v; want %q", got, err, row.err)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}

func TestOtherOperations(t *testing.T) {
	s := configured()
	if got, err := serve(t, s, "erase", "reg.example"); got != "" || err != nil || len(s.Heard) > 0 {
		t.Errorf("erase: %q, %v; heard %q", got, err, s.Heard)
	}
	want := `{"127.0.0.1:7777":"oauth2","127.0.0.1:8888":"oauth2","reg.example":"oauth2","reg.example:5000":"oauth2"}` +
		"\n"
	if got, err := serve(t, s, "list", "unused"); got != want || err != nil {
		t.Errorf("list: %q, %v; want %q", got, err, want)
	}
	if got, err := serve(t, &wiretest.Source{}, "list", ""); got != "{}\n" || err != nil {
		t.Errorf("list of none: %q, %v", got, err)
	}
	if got, err := serve(t, s, "annihilate", "reg.example"); got != "" || !errors.Is(err, docker.ErrUse) {
		t.Errorf("another operation: %q, %v", got, err)
	}
}

// FuzzGet checks that no input makes the token go to a host that was not
// configured, and that the answer reads back.
func FuzzGet(f *testing.F) {
	for _, in := range []string{
		"reg.example", "https://reg.example/v1/", "reg.example@evil", "https://evil/reg.example",
		"reg.example\r\nevil",
	} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := serve(t, &wiretest.Source{Configured: []string{"https://reg.example"}}, "get", in)
		if err != nil {
			if got != "" {
				t.Errorf("answer %q beside %v", got, err)
			}
			return
		}
		var c docker.Credential
		if err := json.Unmarshal([]byte(got), &c); err != nil || c.Secret != wiretest.Secret ||
			c.ServerURL != strings.TrimSpace(in) {
			t.Fatalf("answer %q to %q: %v", got, in, err)
		}
		server := c.ServerURL
		if !strings.Contains(server, "://") {
			server = "https://" + server
		}
		u, err := url.Parse(server)
		if err != nil || u.Scheme != "https" || strings.ToLower(u.Hostname()) != "reg.example" || u.User != nil {
			t.Errorf("the token went to %q", in)
		}
	})
}
