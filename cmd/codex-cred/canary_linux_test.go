package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/leakscan"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/refresh"
)

// A canary is a fixture that traces secrets. Its secrets and its e-mail address are unique marks,
// and the test looks for them in all output and files.
type canary struct {
	*scene
	mark    string // the local part of the e-mail address; as short as real ones
	given   []string
	parrot  *httptest.Server
	outside string // a directory that may contain tokens
	temp    string // the directory for temporary files
	devices int
	log     int // level of the request log
	format  int // index into the formats of each command
}

func newCanary(t *testing.T, profile, store string, log, format int) *canary {
	t.Helper()
	of := &stage{t: t, profile: profile, store: store}
	if store == home.StoreKeychain {
		of.keyring = startKeychain(t)
	}
	c := &canary{scene: raiseScene(t, of, false), mark: "mark" + rand.Text()[:14], given: []string{"given" + rand.Text(), "given" + rand.Text()}, log: log, format: format}
	c.outside, c.temp = t.TempDir(), t.TempDir()
	c.parrot = httptest.NewServer(http.HandlerFunc(c.repeat))
	t.Cleanup(c.parrot.Close)
	user := authserver.DefaultUser()
	user.Email = c.mark + "@example.com"
	c.server.SetUser(user)
	for i, name := range []string{home.LogVariable, home.BodiesVariable} {
		if log > i {
			c.env = append(c.env, name+"=1")
		}
	}
	c.env = append(c.env, "NO_COLOR=", "TMPDIR="+c.temp)
	return c
}

// repeat is an issuer that returns errors with the received request and further secrets.
func (c *canary) repeat(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusInternalServerError)
	text := fmt.Sprintf("\x1b[31m%s of %s@example.com for %s", body, c.mark, c.given)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": text, "error_description": text, c.given[0]: text})
}

// input returns the standard input that the word selects.
func (c *canary) input(word string) string {
	credential := map[string]any{"access_token": c.given[0], "refresh_token": c.given[1], "expires_in": 3600, "issuer": c.parrot.URL}
	switch word {
	case "GIVEN":
	case "METADATA":
		credential = map[string]any{"access_token": c.given[0], "expires_in": 3600, "profile": c.profile, "issuer": c.server.URL(), "client_id": "codex-cred-test"}
	case "POOL", "BROKENPOOL":
		credential = map[string]any{"version": 3, "activeIndex": 0, "accounts": []any{map[string]any{
			"accessToken": c.given[0], "refreshToken": c.given[1], "expiresAt": int64(4102444800000), "accountId": "acct-9", "accountUserId": "u-9", "email": c.mark + "@example.com",
		}}}
		if word == "BROKENPOOL" {
			credential["version"] = c.given
		}
	case "BROKEN":
		credential = map[string]any{"access_tokens": c.given[0], "refresh_token": c.given[1]}
	default:
		return word
	}
	b, err := json.Marshal(credential)
	must(c.t, err)
	return string(b)
}

// commandLine returns the arguments of the step, with the format.
func (c *canary) commandLine(l leaf, s step) []string {
	args := slices.Clone(s.args)
	if i := slices.Index(args, outside); i > 0 {
		args[i] = filepath.Join(c.outside, "handoff.json")
	}
	if args[0] == "login" {
		args = c.loginArgs(args[1:])
	}
	if name := strings.Fields(l.name); len(l.formats) > 0 && strings.HasPrefix(strings.Join(args, " ")+" ", l.name+" ") {
		args = slices.Insert(args, len(name), "--format", l.formats[c.format%len(l.formats)])
	}
	return args
}

// begins prepares and starts the step.
func (c *canary) begins(s step, prepare func(*run), args []string) *run {
	c.t.Helper()
	if s.after > 0 {
		c.pass(s.after)
	}
	if s.fault != "" {
		f, err := authserver.ParseFault(s.fault)
		must(c.t, err)
		must(c.t, c.server.Fail(f))
	}
	r := c.begin(func(r *run) {
		r.Stdin = strings.NewReader(c.input(s.stdin))
		if s.env != "" {
			r.Env = append(slices.Clip(r.Env), s.env)
		}
		prepare(r)
	}, args...)
	if s.during != nil {
		s.during(c)
	}
	return r
}

// marks returns what to look for: the random parts of every secret and the state of every sign-in.
// It omits access tokens if the step may print them.
func (c *canary) marks(s step) []string {
	access := map[string]bool{}
	for _, e := range c.server.Log() {
		access[e.IssuedAccess] = true
	}
	marks := append(slices.Clone(c.given), c.server.States()...)
	for _, secret := range c.server.Secrets() {
		if s.prints && (access[authserver.Digest(secret)] || c.signatureOf(access, secret)) {
			continue
		}
		marks = append(marks, leakscan.RandomParts(secret)...)
	}
	if !s.email {
		marks = append(marks, c.mark)
	}
	return marks
}

// onTerminal returns what to look for on standard error. login prints the address of the sign-in
// page there, which contains the state.
func (c *canary) onTerminal(args []string) []string {
	marks := c.marks(step{})
	if args[0] != "login" {
		return marks
	}
	states := c.server.States()
	return slices.DeleteFunc(marks, func(mark string) bool { return slices.Contains(states, mark) })
}

// signatureOf reports whether the text is the signature of an access token.
func (c *canary) signatureOf(access map[string]bool, text string) bool {
	return slices.ContainsFunc(c.server.Secrets(), func(secret string) bool {
		return access[authserver.Digest(secret)] && strings.HasSuffix(secret, "."+text)
	})
}

// check checks the exit code and the output of the step.
func (c *canary) check(s step, args []string, said said) {
	c.t.Helper()
	stdout := said.stdout
	if s.prints { // a decoded token contains the e-mail address
		for _, secret := range c.server.Secrets() {
			if strings.Count(secret, ".") == 2 {
				stdout = strings.ReplaceAll(stdout, secret, "")
			}
		}
	}
	leaks := append(leakscan.Scan(c.marks(s), "stdout", []byte(stdout)), leakscan.Scan(c.onTerminal(args), "stderr", []byte(said.stderr))...)
	if len(leaks) > 0 {
		c.t.Errorf("%q: %q\n%s\n%s", args, leaks, stdout, said.stderr)
	}
	if said.code != s.code {
		c.t.Errorf("%q: exit code %d, want %d; it said:\n%s\n%s", args, said.code, s.code, stdout, said.stderr)
	}
	if s.email && !strings.Contains(said.stdout, c.mark) {
		c.t.Errorf("%q does not show the e-mail:\n%s", args, said.stdout)
	}
	for stream, text := range map[string]string{"stdout": said.stdout, "stderr": said.stderr} {
		if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && !terminal.Printable(r) }) {
			c.t.Errorf("%q: control characters on %s: %q", args, stream, text)
		}
	}
}

// inTemp looks for secrets in the directory for temporary files.
func (c *canary) inTemp() []string { return leakscan.Tree(c.marks(step{}), c.temp) }

// checkFiles looks for secrets in the home directory, except in stored credentials.
func (c *canary) checkFiles(after string) {
	c.t.Helper()
	must(c.t, filepath.WalkDir(c.home, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.Type().IsDir() {
			if err == nil && c.store == home.StoreFile && path == filepath.Join(c.root, "credentials") {
				return filepath.SkipDir
			}
			return err
		}
		content, err := os.ReadFile(path)
		if leaks := leakscan.Scan(c.marks(step{}), path, content); len(leaks) > 0 {
			c.t.Errorf("after %s: %q", after, leaks)
		}
		return err
	}))
}

// A turn is a configuration in which all recipes run.
type turn struct {
	store       string
	log, format int
}

// String returns the name of the subtest.
func (r turn) String() string {
	return fmt.Sprintf("%s, log %d, format %d", r.store, r.log, r.format)
}

func turns(all []leaf) []turn {
	most := 0
	for _, l := range all {
		most = max(most, len(l.formats))
	}
	list := append(make([]turn, 0, 5+most), turn{home.StoreFile, 0, 0}, turn{home.StoreFile, 1, 1})
	for format := range most {
		list = append(list, turn{home.StoreFile, 2, format})
	}
	list = append(list, turn{home.StoreKeychain, 0, 0}, turn{home.StoreKeychain, 1, 1}, turn{home.StoreKeychain, 2, 2})
	if !parts.Slow() {
		list = list[1:2]
	}
	return list
}

// TestCanary runs every command in every format, with its failures, at every level of the log and
// with both stores. In all output and files it looks for any 12 bytes of any secret, and of the
// local part of the e-mail address.
func TestCanary(t *testing.T) {
	t.Parallel()
	all := leaves("", newProgram().commands())
	for _, r := range turns(all) {
		t.Run(r.String(), func(t *testing.T) {
			t.Parallel()
			c := newCanary(t, []string{refresh.ProfileOpenAI, refresh.ProfileOAuth}[r.format%2], r.store, r.log, r.format)
			c.each(all, func(l leaf, s step) {
				args := c.commandLine(l, s)
				c.check(s, args, c.begins(s, noPreparation, args).end())
				if leaks := c.inTemp(); len(leaks) > 0 {
					t.Errorf("%q leaves in TMPDIR: %q", args, leaks)
				}
			})
			if entries, err := filepath.Glob(filepath.Join(c.home, ".local", "*", "codex-cred")); err != nil || len(entries) > 0 {
				t.Errorf("still there after erase --all: %q, %v", entries, err)
			}
		})
	}
}

// each runs the recipes, and for every command the cases that need no recipe.
func (c *canary) each(all []leaf, run func(leaf, step)) {
	c.t.Helper()
	list := recipes(c.store)
	for _, l := range all {
		if !slices.ContainsFunc(list, func(r recipe) bool { return r.command == l.name }) {
			c.t.Errorf("recipes() has none for codex-cred %s: what it prints, keeps and sends is not tested", l.name)
		}
		run(leaf{}, do(l.name+" --help"))
		run(leaf{}, do(l.name+" --no-such-flag").fails(exit.Usage))
		if len(l.formats) > 0 {
			run(leaf{}, do(l.name+" --format no-such-format").fails(exit.Usage))
		}
	}
	for _, r := range list {
		i := slices.IndexFunc(all, func(l leaf) bool { return l.name == r.command })
		if i < 0 {
			c.t.Fatalf("recipes() has one for %s, which is no command", r.command)
		}
		for _, s := range r.steps {
			if !s.chatGPT || c.profile == refresh.ProfileOpenAI {
				run(all[i], s)
			}
		}
		c.checkFiles(r.command)
	}
}

func noPreparation(*run) {}
