package git_test

import (
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/helper/wire/git"
	"github.com/codex-cred/codex-cred/helper/wire/wiretest"
)

const (
	asPassword = "username=oauth2\npassword=" + wiretest.Secret + "\npassword_expiry_utc=1800000000\n\n"
	asBearer   = "capability[]=authtype\nauthtype=Bearer\ncredential=" + wiretest.Secret +
		"\nephemeral=1\npassword_expiry_utc=1800000000\n\n"
)

// asBasic is for the user "me".
var asBasic = "capability[]=authtype\nauthtype=Basic\ncredential=" +
	base64.StdEncoding.EncodeToString([]byte("me:"+wiretest.Secret)) +
	"\nephemeral=1\npassword_expiry_utc=1800000000\n\n"

func serve(t *testing.T, s *wiretest.Source, operation, in string) (string, error) {
	t.Helper()
	var out strings.Builder
	err := git.Serve(t.Context(), operation, strings.NewReader(in), &out, s)
	return out.String(), err
}

func configured() *wiretest.Source {
	return &wiretest.Source{Configured: []string{"https://gw.example", "http://127.0.0.1:7777"}}
}

// TestUserOfBasic: a colon in the name would move the border to the password (RFC
// 7617 section 2).
func TestUserOfBasic(t *testing.T) {
	const asked = "protocol=https\nhost=gw.example\n"
	for name, row := range map[string]struct {
		in      string
		refused bool
	}{
		"git before 2.46":        {asked + "username=me:evil\n\n", true},
		"in a url":               {"url=https://me%3aevil@gw.example/a\n\n", true},
		"a control character":    {asked + "username=me\revil\n\n", true},
		"only Basic is offered":  {asked + "capability[]=authtype\nusername=me:\nwwwauth[]=Basic\n\n", true},
		"Bearer names no user":   {asked + "capability[]=authtype\nusername=me:evil\n\n", false},
		"a user without a colon": {asked + "username=me@evil\n\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := serve(t, configured(), "get", row.in)
			if row.refused && (out != "quit=1\n\n" || !errors.Is(err, wire.ErrMalformed)) {
				t.Errorf("%q, %v; want it refused", out, err)
			}
			if !row.refused && (err != nil || !strings.Contains(out, wiretest.Secret)) {
				t.Errorf("%q, %v; want the token", out, err)
			}
		})
	}
	if out, err := serve(t, configured(), "get", "protocol=https\nhost=other.example\nusername=me:evil\n\n"); out != "" ||
		err != nil {
		t.Errorf("a host that is not configured: %q, %v; want nothing", out, err)
	}
}

func TestGet(t *testing.T) {
	for name, row := range map[string]struct{ in, want string }{
		"git before 2.46": {"protocol=https\nhost=gw.example\n\n", asPassword},
		"no empty line":   {"protocol=https\nhost=gw.example", asPassword},
		"a user that is named": {
			"protocol=https\nhost=gw.example\nusername=me\n\n",
			strings.Replace(asPassword, "oauth2", "me", 1),
		},
		"git since 2.46": {"capability[]=authtype\ncapability[]=state\nprotocol=https\nhost=gw.example\nwwwauth[]=Basic realm=\"x\"\nwwwauth[]=bearer\n\n", asBearer},
		"only Basic is offered": {"capability[]=authtype\nprotocol=https\nhost=gw.example\nusername=me\nwwwauth[]=basic " +
			"realm=\"x\"\n\n", asBasic},
		"nothing is offered":     {"capability[]=authtype\nprotocol=https\nhost=gw.example\n\n", asBearer},
		"a list begun anew":      {"capability[]=authtype\ncapability[]=\nprotocol=https\nhost=gw.example\n\n", asPassword},
		"loopback":               {"protocol=http\nhost=127.0.0.1:7777\n\n", asPassword},
		"the usual port":         {"protocol=https\nhost=gw.example:443\n\n", asPassword},
		"a path and unknown":     {"protocol=https\nhost=gw.example\npath=a/b.git\nfuture=1\n\n", asPassword},
		"a url":                  {"url=https://gw.example/a/b.git\n\n", asPassword},
		"a url with a user":      {"url=https://me@gw.example/a\n\n", strings.Replace(asPassword, "oauth2", "me", 1)},
		"the last one counts":    {"protocol=https\nhost=other.example\nhost=gw.example\n\n", asPassword},
		"what follows the end":   {"protocol=https\nhost=gw.example\n\nhost=other.example\n", asPassword},
		"another host":           {"protocol=https\nhost=other.example\n\n", ""},
		"a host that ends so":    {"protocol=https\nhost=evil.gw.example\n\n", ""},
		"a host that begins so":  {"protocol=https\nhost=gw.example.evil\n\n", ""},
		"another port":           {"protocol=https\nhost=gw.example:8443\n\n", ""},
		"in clear":               {"protocol=http\nhost=gw.example\n\n", ""},
		"another protocol":       {"protocol=ssh\nhost=gw.example\n\n", ""},
		"a user in the host":     {"protocol=https\nhost=evil@gw.example\n\n", ""},
		"a path in the host":     {"protocol=https\nhost=gw.example/x\n\n", ""},
		"a host in the protocol": {"protocol=https://gw.example/\nhost=evil.example\n\n", ""},
		"no host":                {"protocol=https\n\n", ""},
		"a url after the host":   {"protocol=https\nhost=gw.example\nurl=https://other.example\n\n", ""},
		"nothing":                {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serve(t, configured(), "get", row.in)
			if err != nil || got != row.want {
				t.Errorf("answer %q, %v; want %q", got, err, row.want)
			}
		})
	}
}

// TestOpenPipe is a caller that waits for the answer before it closes its end.
func TestOpenPipe(t *testing.T) {
	in, caller := io.Pipe()
	defer func() { _ = caller.Close() }()
	go func() { _, _ = io.WriteString(caller, "protocol=https\nhost=gw.example\n\n") }()
	var out strings.Builder
	if err := git.Serve(t.Context(), "get", in, &out, configured()); err != nil || out.String() != asPassword {
		t.Errorf("answer %q, %v; want %q", out.String(), err, asPassword)
	}
}

func TestMalformed(t *testing.T) {
	head := "protocol=https\nhost=gw.example\n"
	for name, in := range map[string]string{
		"no key":                head + "=x\n\n",
		"no equals sign":        head + "hello\n\n",
		"a NUL":                 head + "path=a\x00b\n\n",
		"a line of 64 KiB":      head + "path=" + strings.Repeat("a", 65535-5) + "\n\n",
		"more than 1 MiB":       head + strings.Repeat("path="+strings.Repeat("a", 60000)+"\n", 18) + "\n",
		"a CR in the host":      "protocol=https\nhost=gw.example\r\n\n",
		"a url with a newline":  "url=https://gw.example%0a/x\n\n",
		"a user with a newline": "url=https://a%0ahost=gw.example@other.example/\n\n",
		"a url that is none":    "url=https://[gw.example/\n\n",
	} {
		for _, operation := range []string{"get", "erase"} {
			t.Run(operation+" "+name, func(t *testing.T) {
				s := configured()
				got, err := serve(t, s, operation, in)
				if !errors.Is(err, wire.ErrMalformed) || got != "" || len(s.Heard) > 0 {
					t.Errorf("answer %q, %v; want none and ErrMalformed", got, err)
				}
			})
		}
	}
	if got, err := serve(t, configured(), "get", head+"path="+strings.Repeat("a", 65535-6)+"\n\n"); err != nil ||
		got != asPassword {
		t.Errorf("the longest line: %q, %v", got, err)
	}
}

func TestNoToken(t *testing.T) {
	s := configured()
	s.Err = errors.New("sign in again")
	got, err := serve(t, s, "get", "protocol=https\nhost=gw.example\n\n")
	if !errors.Is(err, s.Err) || got != "quit=1\n\n" {
		t.Errorf("answer %q, %v; want git to quit, and the reason", got, err)
	}
	if got, err := serve(t, s, "get", "protocol=https\nhost=other.example\n\n"); err != nil || got != "" {
		t.Errorf("another host: %q, %v; want no answer", got, err)
	}
}

func TestErase(t *testing.T) {
	for name, row := range map[string]struct {
		in   string
		want []string
	}{
		"a password": {"protocol=https\nhost=gw.example\nusername=x\npassword=p1\n\n", []string{"https://gw.example p1"}},
		"a bearer token": {
			"protocol=https\nhost=gw.example\nauthtype=Bearer\ncredential=c1\n\n",
			[]string{"https://gw.example c1"},
		},
		"Basic": {
			"protocol=https\nhost=gw.example\nauthtype=basic\ncredential=bWU6YzI6eA==\n\n",
			[]string{"https://gw.example c2:x"},
		},
		"broken Basic": {"protocol=https\nhost=gw.example\nauthtype=Basic\ncredential=!\n\n", nil},
		"neither":      {"protocol=https\nhost=gw.example\n\n", nil},
		"another host": {"protocol=https\nhost=other.example\npassword=p1\n\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := configured()
			got, err := serve(t, s, "erase", row.in)
			if err != nil || got != "" || !slices.Equal(s.Heard, row.want) {
				t.Errorf("answer %q, %v; heard %q, want %q", got, err, s.Heard, row.want)
			}
		})
	}
}

func TestOtherOperations(t *testing.T) {
	for operation, want := range map[string]string{
		"capability": "version 0\ncapability authtype\n", "store": "", "approve-everything": "", "": "",
	} {
		s := configured()
		got, err := serve(t, s, operation, "protocol=https\nhost=gw.example\npassword=p1\n\n")
		if err != nil || got != want || len(s.Heard) > 0 {
			t.Errorf("%q: %q, %v; want %q", operation, got, err, want)
		}
	}
}
