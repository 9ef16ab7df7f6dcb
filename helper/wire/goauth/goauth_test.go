package goauth_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/helper/wire/goauth"
	"github.com/codex-cred/codex-cred/helper/wire/wiretest"
)

const (
	header       = "Authorization: Bearer " + wiretest.Secret + "\n\n"
	unauthorized = "HTTP/1.1 401 Unauthorized\nWww-Authenticate: Bearer\n\n"
)

func serve(t *testing.T, s *wiretest.Source, in string, args ...string) (string, error) {
	t.Helper()
	var out strings.Builder
	err := goauth.Serve(t.Context(), args, strings.NewReader(in), &out, s)
	return out.String(), err
}

func configured() *wiretest.Source {
	return &wiretest.Source{Configured: []string{
		"http://127.0.0.1:7777", "https://mod.example", "https://other.example:8443",
	}}
}

func TestFirstCall(t *testing.T) {
	want := "https://mod.example\n\n" + header + "https://other.example:8443\n\n" + header
	if got, err := serve(t, configured(), ""); err != nil || got != want {
		t.Errorf("answer %q, %v; want %q", got, err, want)
	}
	if got, err := serve(t, &wiretest.Source{}, ""); err != nil || got != "" {
		t.Errorf("without hosts: %q, %v; want nothing", got, err)
	}
	s := configured()
	s.Err = errors.New("sign in again")
	if got, err := serve(t, s, ""); !errors.Is(err, s.Err) || got != "" {
		t.Errorf("without a token: %q, %v; want nothing, and the reason", got, err)
	}
}

func TestLaterCall(t *testing.T) {
	const notFound = "HTTP/2.0 404 Not Found\n\n"
	next := strings.Replace(header, wiretest.Secret, "at-next", 1)
	refused := []string{"https://mod.example " + wiretest.Secret}
	for name, row := range map[string]struct {
		url, in, want string
		heard         []string
	}{
		"401":                {"https://mod.example/a/@v/list", unauthorized, "https://mod.example\n\n" + next, refused},
		"404":                {"https://mod.example/a/@v/list", notFound, "https://mod.example\n\n" + header, nil},
		"a module's page":    {"https://mod.example/a?go-get=1", unauthorized, "https://mod.example\n\n" + next, refused},
		"only a query":       {"https://mod.example?go-get=1", "", "https://mod.example\n\n" + header, nil},
		"the usual port":     {"https://mod.example:443/a", "", "https://mod.example:443\n\n" + header, nil},
		"capital letters":    {"https://MOD.example/a", "", "https://MOD.example\n\n" + header, nil},
		"a host after it":    {"https://mod.example.evil?x=https://mod.example", "", "", nil},
		"a host as fragment": {"https://evil.example#@mod.example/", "", "", nil},
		"no response":        {"https://mod.example/a", "", "https://mod.example\n\n" + header, nil},
		"another host":       {"https://evil.example/mod.example", unauthorized, "", nil},
		"in clear":           {"http://127.0.0.1:7777/a", unauthorized, "", nil},
		"a host without URL": {"mod.example", unauthorized, "", nil},
		"a user":             {"https://mod.example@evil.example/", unauthorized, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := configured()
			s.AfterRejection = "at-next"
			got, err := serve(t, s, row.in, row.url)
			if err != nil || got != row.want || !slices.Equal(s.Heard, row.heard) {
				t.Errorf("answer %q, %v; heard %q; want %q, %q", got, err, s.Heard, row.want, row.heard)
			}
		})
	}
}

func TestRefusedForGood(t *testing.T) {
	s := configured()
	s.RejectedErr = errors.New("the newest token was refused")
	if got, err := serve(t, s, unauthorized, "https://mod.example/a"); !errors.Is(err, s.RejectedErr) || got != "" {
		t.Errorf("answer %q, %v; want none, and the reason", got, err)
	}
}

func TestMalformed(t *testing.T) {
	for name, row := range map[string]struct {
		in   string
		args []string
	}{
		"no status line": {"hello\n\n", []string{"https://mod.example"}},
		"a NUL":          {"HTTP/1.1 401\x00\n", []string{"https://mod.example"}},
		"too large":      {"HTTP/1.1 401 x\n" + strings.Repeat("a", 1<<20), []string{"https://mod.example"}},
		"two URLs":       {unauthorized, []string{"https://mod.example", "https://evil.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := serve(t, configured(), row.in, row.args...); !errors.Is(err, wire.ErrMalformed) || got != "" {
				t.Errorf("answer %q, %v; want none and ErrMalformed", got, err)
			}
		})
	}
}

// FuzzServe checks that no input makes the token go to a host that was not
// configured, and that answers read as the go command reads them.
func FuzzServe(f *testing.F) {
	f.Add("https://mod.example/a", unauthorized)
	f.Add("https://mod.example:443", "")
	f.Add("https://mod.example@evil/", "HTTP/1.1 401 x\n\n")
	f.Add("https://mod.example\n\nX: y", "HTTP/1.1 404 x\n\n")
	f.Fuzz(func(t *testing.T, target, in string) {
		got, err := serve(t, &wiretest.Source{Configured: []string{"https://mod.example"}}, in, target)
		if err != nil && got != "" {
			t.Errorf("answer %q beside %v", got, err)
		}
		if got == "" {
			return
		}
		prefix, ok := strings.CutSuffix(got, "\n\n"+header)
		if host, err := wire.ParseHost(prefix); !ok || err != nil || host.String() != "https://mod.example" {
			t.Errorf("answer %q, %v", got, err)
		}
		rest, ok := strings.CutPrefix(target, prefix)
		if !ok || rest != "" && !strings.Contains("/?#", rest[:1]) {
			t.Errorf("the token went to %q for %q", prefix, target)
		}
	})
}
