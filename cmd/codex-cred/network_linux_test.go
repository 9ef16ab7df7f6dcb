package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/refresh"
)

// connections are the network activity of a run of the program.
type connections struct {
	reached []string // addresses, once for each connection, without the browser's
	browser []string // addresses of the browser's connections
	sockets []string // paths of local sockets
	other   []string // anything else
}

// networkCalls are the system calls by which a process can reach another host, or start another
// process.
const networkCalls = "execve,execveat,clone,clone3,fork,vfork,connect,sendto,sendmsg,sendmmsg"

var (
	inet   = regexp.MustCompile(`sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]*)"\)`)
	inet6  = regexp.MustCompile(`sin6_port=htons\((\d+)\).*inet_pton\(AF_INET6, "([^"]*)"`)
	local  = regexp.MustCompile(`sa_family=AF_UNIX, sun_path=@?"([^"]*)"`)
	thread = regexp.MustCompile(`CLONE_THREAD.* = (\d+)$`)
)

// connectionsIn sorts the system calls of a trace.
func connectionsIn(trace map[string][]string) connections {
	process := map[string]string{} // of a thread
	for pid, calls := range trace {
		for _, call := range calls {
			if m := thread.FindStringSubmatch(call); m != nil {
				process[m[1]] = pid
			}
		}
	}
	var w connections
	for pid, calls := range trace {
		for process[pid] != "" {
			pid = process[pid]
		}
		ofBrowser := slices.ContainsFunc(trace[pid], func(call string) bool {
			return strings.HasPrefix(call, "execve(") && strings.Contains(call, "/test-browser\"") && strings.HasSuffix(call, "= 0")
		})
		for _, call := range calls {
			w.add(call, ofBrowser)
		}
	}
	return w
}

func (w *connections) add(call string, ofBrowser bool) {
	name, _, _ := strings.Cut(call, "(")
	address := ""
	for _, family := range []*regexp.Regexp{inet, inet6} {
		if m := family.FindStringSubmatch(call); m != nil {
			address = net.JoinHostPort(m[2], m[1])
		}
	}
	switch m := local.FindStringSubmatch(call); {
	case slices.Contains([]string{"execve", "execveat", "clone", "clone3", "fork", "vfork"}, name):
	case address != "" && ofBrowser:
		w.browser = append(w.browser, address)
	case address != "":
		w.reached = append(w.reached, address)
	case m != nil:
		w.sockets = append(w.sockets, m[1])
	case name == "connect", strings.Contains(call, "sa_family="):
		w.other = append(w.other, call)
	}
}

// A logged is a line of the request log.
type logged struct {
	Command string
	Request refresh.Request
	Host    string
	Path    string
	Body    map[string]any
}

// followLog returns a function that returns the new lines of the log, even if the log was erased
// after they were written.
func (c *canary) followLog() (newLines func() []logged) {
	c.t.Helper()
	path := filepath.Join(c.home, ".local", "state", "codex-cred", "logs", "requests.jsonl")
	before := len(c.lines(path))
	if link := filepath.Join(c.t.TempDir(), "link"); before > 0 {
		must(c.t, os.Link(path, link))
		path = link
	}
	return func() []logged { return c.lines(path)[before:] }
}

func (c *canary) lines(path string) []logged {
	c.t.Helper()
	content, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		must(c.t, err)
	}
	var lines []logged
	for line := range strings.Lines(string(content)) {
		var l logged
		must(c.t, json.Unmarshal([]byte(line), &l))
		lines = append(lines, l)
	}
	return lines
}

// TestNetwork traces every command and compares its connections with the output of privacy. The
// program connects only to the issuer, once for each request in the log. Each request belongs to a
// command, goes to a place and has parameters that privacy lists; and every listed request occurs.
// No program is started with a secret in its arguments or environment, except the environment of
// exec's command.
func TestNetwork(t *testing.T) {
	parts.NeedSlow(t)
	t.Parallel()
	_, err := exec.LookPath("strace")
	parts.Need(t, "strace", err)
	for _, profile := range []string{refresh.ProfileOpenAI, refresh.ProfileOAuth} {
		for _, store := range []string{home.StoreFile, home.StoreKeychain} {
			t.Run(profile+"-"+store, func(t *testing.T) {
				t.Parallel()
				newCanary(t, profile, store, 2, 0).follow()
			})
		}
	}
}

// follow runs all recipes under strace.
func (c *canary) follow() {
	c.t.Helper()
	seen := map[refresh.Request]*use{}
	c.each(leaves("", newProgram().commands()), func(l leaf, s step) {
		args := c.commandLine(l, s)
		newLines := c.followLog()
		trace, said := c.tracedStep(s, args)
		if said.code != s.code {
			c.t.Errorf("%q: exit code %d, want %d: %s", args, said.code, s.code, said.stderr)
		}
		if leaks := append(c.inExecutions(args, trace), c.inTemp()...); len(leaks) > 0 {
			c.t.Errorf("%q: %q", args, leaks)
		}
		lines := newLines()
		c.compare(args, connectionsIn(trace), lines)
		for _, line := range lines {
			seen[line.Request] = seen[line.Request].and(line)
		}
	})
	c.compareUses(seen)
}

// tracedStep runs the step under strace.
func (c *canary) tracedStep(s step, args []string) (map[string][]string, said) {
	c.t.Helper()
	log := filepath.Join(c.t.TempDir(), "trace")
	said := c.begins(s, func(r *run) { underStrace(c.t, r, networkCalls, log) }, args).end()
	return readTrace(c.t, log), said
}

// compare checks the connections of one run.
func (c *canary) compare(args []string, w connections, lines []logged) {
	c.t.Helper()
	issuers := []string{hostIn(c.t, c.server.URL()), hostIn(c.t, c.parrot.URL)}
	for _, address := range w.reached {
		if !slices.Contains(issuers, address) {
			c.t.Errorf("%q reached %s, which is no issuer", args, address)
		}
	}
	for _, address := range w.browser {
		if host, _, err := net.SplitHostPort(address); err != nil || host != "127.0.0.1" {
			c.t.Errorf("%q: the browser reached %s", args, address)
		}
	}
	if len(w.other) > 0 {
		c.t.Errorf("%q: %q", args, w.other)
	}
	for _, path := range w.sockets {
		if !strings.HasSuffix(path, "/no-bus") && !c.isBus(path) { // the address of the disabled keychain
			c.t.Errorf("%q reached the socket %s", args, path)
		}
	}
	if len(w.reached) != len(lines) {
		c.t.Errorf("%q: %d connections for %d requests: %q, %+v", args, len(w.reached), len(lines), w.reached, lines)
	}
}

// isBus reports whether the path is the socket of the keychain's bus.
func (c *canary) isBus(path string) bool {
	return c.keyring != nil && slices.ContainsFunc(c.keyring.Env(), func(variable string) bool {
		return strings.HasPrefix(variable, "DBUS_SESSION_BUS_ADDRESS=unix:") && strings.Contains(variable+",", "="+path+",")
	})
}

func hostIn(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	return u.Host
}

// A use collects what was seen of one kind of request.
type use struct {
	commands, places, members map[string]bool
}

func (u *use) and(l logged) *use {
	if u == nil {
		u = &use{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	}
	u.commands[l.Command] = true
	u.places[l.Host+l.Path] = true
	for name := range l.Body {
		u.members[name] = true
	}
	return u
}

// compareUses compares the logs of all runs with the list of privacy.
func (c *canary) compareUses(seen map[refresh.Request]*use) {
	c.t.Helper()
	for _, s := range append(signInSendings(), laterSendings()...) {
		got := seen[s.Request]
		delete(seen, s.Request)
		if got == nil {
			if s.Request != refresh.RequestMetadata || c.profile != refresh.ProfileOpenAI {
				c.t.Errorf("no command made the request %s, which the page tells of", s.Request)
			}
			continue
		}
		for command := range got.commands {
			if !slices.Contains(s.Commands, command) {
				c.t.Errorf("%s made the request %s, and the page does not say so", command, s.Request)
			}
		}
		// The two profiles have different parameters.
		for name := range got.members {
			if !slices.Contains(s.Carries, name) {
				c.t.Errorf("the request %s carries %s, and the page does not say so", s.Request, name)
			}
		}
		c.comparePlaces(s.Request, got.places)
	}
	for request := range seen {
		c.t.Errorf("the page tells nothing of the request %s", request)
	}
}

func (c *canary) comparePlaces(request refresh.Request, places map[string]bool) {
	c.t.Helper()
	client := &refresh.Client{}
	allowed := map[string]bool{}
	for _, base := range []string{c.server.URL(), c.parrot.URL} {
		iss, err := client.Issuer(c.t.Context(), refresh.Settings{Issuer: base})
		must(c.t, err)
		if c.profile == refresh.ProfileOAuth && base == c.server.URL() {
			client.Now = c.now
			iss, err = client.Issuer(c.t.Context(), refresh.Settings{Profile: c.profile, Issuer: base, ClientID: "any"})
			must(c.t, err)
		}
		allowed[strings.TrimPrefix(request.Endpoint(iss), "http://")] = true
	}
	for place := range places {
		if !allowed[place] {
			c.t.Errorf("the request %s went to %s: %s", request, place, cmp.Diff(slices.Sorted(maps.Keys(allowed)), slices.Sorted(maps.Keys(places))))
		}
	}
}
