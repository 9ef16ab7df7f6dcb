package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/internal/config/configfile"
)

// gitClient adds a section for the host to the user's config. The empty helper before ours clears
// the list of earlier helpers, so that git neither calls them for this host nor gives them its
// token.
func gitClient() client {
	c := client{name: "git", perHost: true, verify: verifyGit, snippet: func(_ context.Context, s *setup) (string, error) {
		return s.hostHint() + s.gitSection().text("\n"), nil
	}}
	c = editing(c, func(_ context.Context, s *setup) ([]configEdit, error) {
		path, err := s.gitConfig()
		section := s.gitSection()
		return []configEdit{{path: path, put: section.put, take: section.take}}, err
	})
	return thenHost(c)
}

// gitConfig returns the path of the file that "git config --global" would change.
func (s *setup) gitConfig() (string, error) {
	if path := s.Getenv("GIT_CONFIG_GLOBAL"); path != "" {
		return filepath.Abs(path)
	}
	usual, err := s.xdgPath("HOME", "", ".gitconfig")
	if err != nil {
		return "", err
	}
	other, err := s.xdgPath("XDG_CONFIG_HOME", ".config", "git", "config")
	if f, readErr := configfile.Read(usual); err == nil && readErr == nil && !f.Exists {
		if _, statErr := os.Stat(other); statErr == nil {
			return other, nil
		}
	}
	return usual, err
}

// A section is our lines in a config, under a header.
type section struct {
	header string
	lines  []string
}

func (s *setup) gitSection() section {
	command := s.Command + " helper git"
	if fault.Quote(s.Command) != s.Command {
		command = "!" + fault.Quote(s.Command) + " helper git"
	}
	if strings.ContainsAny(command, "\\\"#;'") {
		command = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(command) + `"`
	}
	return section{
		header: fmt.Sprintf("[credential %q]", "https://"+s.hostOrExample()),
		lines:  []string{"\thelper =", "\thelper = " + command},
	}
}

func (t section) text(newline string) string {
	return strings.Join(append([]string{t.header}, t.lines...), newline) + newline
}

// put appends the section. Later lines override earlier ones in git, so it replaces nothing.
func (t section) put(content []byte, _ bool) (edited []byte, replaced []string, err error) {
	newline := newlineOf(content)
	text := t.text(newline)
	switch at, _ := t.find(content); {
	case at >= 0:
		return content, nil, nil
	case len(content) > 0 && content[len(content)-1] != '\n':
		text = newline + strings.TrimSuffix(text, newline)
	}
	return append(bytes.Clone(content), text...), nil, nil
}

// take removes the section. It keeps the header if other lines follow ours.
func (t section) take(content []byte) ([]byte, error) {
	at, end := t.find(content)
	if at < 0 {
		return content, nil
	}
	before, after := content[:at], content[end:]
	next, _, _ := bytes.Cut(after, []byte("\n"))
	next = bytes.TrimSpace(next)
	switch {
	case len(next) > 0 && !strings.ContainsRune("[#;", rune(next[0])):
		before = content[:at+len(t.header)+len(newlineOf(content))]
	case len(after) == 0 && content[end-1] != '\n':
		before = bytes.TrimSuffix(before, []byte(newlineOf(content)))
	}
	return append(bytes.Clone(before), after...), nil
}

// find returns the position of the section, or -1.
func (t section) find(content []byte) (at, end int) {
	newline := newlineOf(content)
	text := []byte(strings.TrimSuffix(t.text(newline), newline))
	for from := 0; ; {
		i := bytes.Index(content[from:], text)
		if i < 0 {
			return -1, -1
		}
		at, end = from+i, from+i+len(text)
		rest := content[end:]
		if (at == 0 || content[at-1] == '\n') && (len(rest) == 0 || bytes.HasPrefix(rest, []byte(newline))) {
			return at, end + min(len(rest), len(newline))
		}
		from = end
	}
}

func newlineOf(content []byte) string {
	if i := bytes.IndexByte(content, '\n'); i > 0 && content[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}
