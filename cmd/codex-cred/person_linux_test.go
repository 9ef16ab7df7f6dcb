package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/leakscan"
)

// person runs codex-cred in its own terminal and simulates its user, who waits for each prompt and
// then acts. The file "screen" receives the output of the terminal, without the long lines that the
// user typed.
//
//	person CODE [PROMPT interrupts|approves|denies|pastes|'types TEXT'|'awaits GRANT COUNT']... -- ARG...
//
// The code is -1 if a signal killed the program.
func (s *stage) person(ts *testscript.TestScript, args []string) {
	dashes := slices.Index(args, "--")
	want, acts, args := args[0], args[1:dashes], args[dashes+1:]
	if args[0] == "login" {
		args = s.loginArgs(args[1:])
	}
	terminal := openTerminalPair(ts)
	cmd := exec.CommandContext(s.t.Context(), "codex-cred", args...)
	cmd.Env = environment(ts)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal.slave, terminal.slave, terminal.slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	ts.Check(cmd.Start())
	ts.Check(terminal.slave.Close())
	screen := newScreen(terminal.master)
	var typed strings.Builder
	for act := range slices.Chunk(acts, 2) {
		screen.await(ts, act[0])
		text := s.act(ts, act[1], screen.text())
		typed.WriteString(text)
		_, err := io.WriteString(terminal.master, text)
		ts.Check(err)
	}
	_ = cmd.Wait() // the exit code reports the error
	<-screen.ended
	shown := strings.ReplaceAll(screen.text(), "\r\n", "\n")
	for line := range strings.Lines(typed.String()) {
		if len(line) > leakscan.Window {
			shown = strings.ReplaceAll(shown, strings.TrimSpace(line), "")
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs("screen"), []byte(shown), 0o600))
	ts.Logf("%s", shown)
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != want {
		ts.Fatalf("codex-cred %s: exit code %s, want %s", strings.Join(args, " "), got, want)
	}
	s.scan(ts, shown, s.store == home.StoreKeychain)
}

// act does what the user does at a prompt, and returns what they type.
func (s *stage) act(ts *testscript.TestScript, does, screen string) string {
	if text, ok := strings.CutPrefix(does, "types "); ok {
		return text + "\n"
	}
	if event, ok := strings.CutPrefix(does, "awaits "); ok {
		s.answered(ts, strings.Fields(event))
		return ""
	}
	switch does {
	case "interrupts":
		return "\x03"
	case "approves", "denies":
		decide := map[string]func(string) error{"approves": s.server.ApproveDevice, "denies": s.server.DenyDevice}[does]
		ts.Check(decide(regexp.MustCompile(`(?m)^ {4}([A-Z]{4}-[0-9]{4})\r?$`).FindStringSubmatch(screen)[1]))
		return ""
	case "pastes":
		return s.ending(ts, regexp.MustCompile(`http\S+[?&]state=\S+`).FindString(screen)) + "\n"
	}
	ts.Fatalf("a person does not know how to do %q", does)
	return ""
}

// ending signs in at the address, with a browser on another machine, and returns the address that
// the browser ends at.
func (s *stage) ending(ts *testscript.TestScript, address string) string {
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, address, nil)
	ts.Check(err)
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	ts.Check(err)
	ts.Check(resp.Body.Close())
	return resp.Header.Get("Location")
}

// A terminalPair is a pseudo-terminal. The program has the slave, the simulated user the master.
type terminalPair struct{ master, slave *os.File }

func openTerminalPair(ts *testscript.TestScript) terminalPair {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	ts.Check(err)
	ts.Defer(func() { _ = master.Close() })
	fd := int(master.Fd())
	ts.Check(unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	ts.Check(err)
	ts.Check(unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 120}))
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	ts.Check(err)
	return terminalPair{master, slave}
}

// A screen collects the output of a terminal.
type screen struct {
	mu    sync.Mutex // guards shown and grown
	shown strings.Builder
	grown chan struct{} // closed and replaced when there is more output
	ended chan struct{} // closed when every program has closed the terminal
}

func newScreen(master io.Reader) *screen {
	s := &screen{grown: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		chunk := make([]byte, 4096)
		for {
			n, err := master.Read(chunk)
			s.mu.Lock()
			s.shown.Write(chunk[:n])
			close(s.grown)
			s.grown = make(chan struct{})
			s.mu.Unlock()
			if err != nil { // the last program closed it
				return
			}
		}
	}()
	return s
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown.String()
}

// await returns when the screen shows the prompt.
func (s *screen) await(ts *testscript.TestScript, prompt string) {
	for {
		s.mu.Lock()
		shown, grown := s.shown.String(), s.grown
		s.mu.Unlock()
		if strings.Contains(shown, prompt) {
			return
		}
		select {
		case <-grown:
		case <-s.ended:
			ts.Fatalf("the program ended and never showed %q:\n%s", prompt, s.text())
		}
	}
}
