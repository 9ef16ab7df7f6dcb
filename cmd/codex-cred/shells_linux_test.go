package main

import (
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// A shell is a shell in a terminal with a simulated user. In it codex-cred is a function that
// prints its arguments; the completion scripts run the program.
type shell struct {
	t      *testing.T
	master io.Writer
	screen *screen
	runs   int
}

const prompt = "ready> "

// shellHome creates a working directory, with three accounts and some files, and returns it with
// the environment.
func shellHome(t *testing.T) (dir string, env []string) {
	t.Helper()
	dir = t.TempDir()
	accounts := accountdir.New(filepath.Join(dir, "root"), time.Now)
	for _, name := range []string{"work", "lab", "me@example.com"} {
		_, err := accounts.Update(name, func(a *helper.Account) error { a.ID, a.Store = goldenID, home.StoreFile; return nil })
		must(t, err)
	}
	for _, name := range []string{"backup.json", "two words.json"} {
		must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	must(t, os.WriteFile(filepath.Join(dir, "a-program-of-mine"), []byte("#!/bin/sh\n"), 0o700))
	clock := filepath.Join(dir, "clock")
	must(t, os.WriteFile(clock, []byte("0s"), 0o600))
	return dir, []string{
		"HOME=" + dir, "ZDOTDIR=" + dir, "CODEX_CRED_HOME=" + filepath.Join(dir, "root"), "PATH=" + os.Getenv("PATH") + ":" + dir,
		"PS1=" + prompt, "TERM=dumb", "LC_ALL=C.UTF-8", "DBUS_SESSION_BUS_ADDRESS=unix:path=" + filepath.Join(dir, "no-bus"),
		clockVariable + "=" + clock, "GORACE=atexit_sleep_ms=0", "INPUTRC=/dev/null",
	}
}

// startShell starts the shell, which reads the lines before the user's input.
func startShell(t *testing.T, lines string, command ...string) *shell {
	t.Helper()
	dir, env := shellHome(t)
	script, err := exec.CommandContext(t.Context(), "codex-cred", "completion", filepath.Base(command[0])).Output()
	must(t, err)
	must(t, os.MkdirAll(filepath.Join(dir, ".local", "share", "bash-completion", "completions"), 0o700))
	must(t, os.MkdirAll(filepath.Join(dir, "functions"), 0o700))
	for _, name := range []string{"script", ".local/share/bash-completion/completions/codex-cred", "functions/_codex-cred"} {
		must(t, os.WriteFile(filepath.Join(dir, name), script, 0o600))
	}
	lines += `
codex-cred() { local word; printf ran:; for word in "$@"; do printf '<%s>' "$word"; done; printf ':end\n'; }
`
	must(t, os.WriteFile(filepath.Join(dir, "lines"), []byte(lines), 0o600))
	master, slave := openBoth(t)
	must(t, unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 200}))
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir, cmd.Env = dir, env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	must(t, cmd.Start())
	must(t, slave.Close())
	s := &shell{t: t, master: master, screen: newScreen(master)}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	s.await(func(text string) bool { return strings.Contains(text, prompt) })
	s.types(". ./lines\n")
	s.await(func(text string) bool { return strings.Count(text, prompt) == 2 })
	return s
}

func (s *shell) types(keys string) {
	s.t.Helper()
	_, err := io.WriteString(s.master, keys)
	must(s.t, err)
}

// await returns the text on the screen as soon as done accepts it.
func (s *shell) await(done func(string) bool) string {
	s.t.Helper()
	for {
		s.screen.mu.Lock()
		text, grown := s.screen.shown.String(), s.screen.grown
		s.screen.mu.Unlock()
		if done(text) {
			return text
		}
		select {
		case <-grown:
		case <-s.screen.ended:
			s.t.Fatalf("the shell ended:\n%s", text)
		case <-time.After(patience):
			s.t.Fatalf("the shell shows no more than:\n%q", text[max(0, len(text)-600):])
		}
	}
}

// enters types the keys, which must end the line, and returns the arguments of the resulting
// command.
func (s *shell) enters(keys string) []string {
	s.t.Helper()
	ran := regexp.MustCompile(`ran:(.*?):end\r`)
	s.runs++
	s.types(keys + "\n")
	text := s.await(func(text string) bool { return len(ran.FindAllString(text, -1)) == s.runs })
	line := ran.FindAllStringSubmatch(text, -1)[s.runs-1][1]
	return strings.Split(strings.Trim(line, "<>"), "><")
}

const all = "\x1b*" // the key that inserts every candidate

// completions returns what the user types after the program's name, and the line that results.
func completions() map[string]string {
	return map[string]string{
		"sta\t":                          "status",
		"logo\t":                         "logo", // erase's alias is not offered
		"get wo\t":                       "get work",
		"get work --off\t":               "get work --offline",
		"get --off\two\t":                "get --offline work",
		"get me\t":                       "get me@example.com",
		"get me@ex\t":                    "get me@example.com",
		"get --format js\t":              "get --format json",
		"get --format=js\t":              "get --format=json",
		"get -f cu\t":                    "get -f curl",
		"get --min-ttl 5m wo\t":          "get --min-ttl 5m work",
		"use " + all:                     "lab me@example.com use work",
		"login --store " + all:           "--store auto file keychain login",
		"login --store=k\t":              "login --store=keychain",
		"erase --legacy=\t":              "erase --legacy=codex",
		"rename la\tx":                   "rename lab x",
		"host rem\t":                     "host remove",
		"host add https://a.example w\t": "host add https://a.example work",
		"helper ku\two\t":                "helper kubernetes work",
		"setup claude\tla\t":             "setup claude-code lab",
		"completion fi\t":                "completion fish",
		"help priv\t":                    "help privacy",
		"import --from opencode --as x --sto\tfi\t": "import --from opencode --as x --store file",
		"import --from bac\t":                       "import --from backup.json",
		"import --from ./two\t":                     "import --from ./two words.json",
		"import --from oc\t":                        "import --from oc-codex-multi-auth",
		"export --to codex-tokens wo\tbac\t":        "export --to codex-tokens work backup.json",
		"exec wo\t-- a-program-of\tx":               "exec work -- a-program-of-mine x",
		"shim add x -- get --format h\t":            "shim add x -- get --format header",
		"shim add x -- get wo\t":                    "shim add x -- get work",
		"no-such-command \tx":                       "no-such-command x",
		"get \"wo\t":                                "get work",
	}
}

func (s *shell) completes() {
	s.t.Helper()
	list := completions()
	for _, keys := range slices.Sorted(maps.Keys(list)) {
		got, want := s.enters("codex-cred "+keys), list[keys]
		if strings.HasSuffix(keys, all) {
			slices.Sort(got) // each shell has its own order
		}
		if got := strings.Join(got, " "); got != want {
			s.t.Errorf("%q is completed to %q, want %q", keys, got, want)
		}
	}
	if s.t.Failed() {
		s.t.Logf("the screen:\n%s", s.screen.text())
	}
}

// keepsQuiet checks that completion prints nothing if the home directory is broken.
func (s *shell) keepsQuiet() {
	s.t.Helper()
	s.enters("CODEX_CRED_HOME=relative; codex-cred quiet")
	before := len(s.screen.text())
	if got := s.enters("codex-cred get wo\t"); !slices.Equal(got, []string{"get", "wo"}) {
		s.t.Errorf("with a broken home: %q", got)
	}
	if shown := s.screen.text()[before:]; strings.Contains(shown, "relative") || strings.Contains(shown, "codex-cred:") {
		s.t.Errorf("with a broken home the screen shows:\n%s", shown)
	}
}

func TestCompletion_Bash(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("bash")
	parts.Need(t, "bash", err)
	const keys = "\nbind 'set bell-style none'\n"
	t.Run("alone", func(t *testing.T) {
		t.Parallel()
		s := startShell(t, "source ./script"+keys, "bash", "--noprofile", "--norc", "-i")
		s.completes()
		s.keepsQuiet()
	})
	t.Run("without word breaks", func(t *testing.T) {
		t.Parallel()
		s := startShell(t, "set -u\nCOMP_WORDBREAKS=' '\nsource ./script"+keys, "bash", "--noprofile", "--norc", "-i")
		s.completes()
	})
	t.Run("with bash-completion", func(t *testing.T) {
		t.Parallel()
		const library = "/usr/share/bash-completion/bash_completion"
		_, err := os.Stat(library)
		parts.Need(t, "bash-completion", err)
		s := startShell(t, "source "+library+keys, "bash", "--noprofile", "--norc", "-i")
		s.completes()
		s.keepsQuiet()
	})
}

func TestCompletion_Zsh(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("zsh")
	parts.Need(t, "zsh", err)
	const begin = `autoload -Uz compinit
compinit -u -D
zle -C every complete-word _generic
bindkey '\e*' every
zstyle ':completion:every:*' completer _all_matches _complete
zstyle ':completion:every:*' insert true
setopt no_beep
`
	t.Run("sourced", func(t *testing.T) {
		t.Parallel()
		s := startShell(t, begin+"source ./script\n", "zsh", "-f", "-i")
		s.completes()
		s.keepsQuiet()
	})
	t.Run("as a file of fpath", func(t *testing.T) {
		t.Parallel()
		s := startShell(t, "fpath=($PWD/functions $fpath)\n"+begin, "zsh", "-f", "-i")
		s.completes()
	})
}
