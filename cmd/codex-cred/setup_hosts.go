package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/internal/config/jsonedit"
)

func (s *setup) hostOrExample() string { return cmp.Or(s.Host, exampleHost) }

// hostHint returns a comment with the command that assigns the host to the account.
func (s *setup) hostHint() string {
	return fmt.Sprintf("# once: %s host add %s %s\n", fault.Quote(s.Command), s.hostOrExample(), s.Account)
}

// thenHost returns the client with a write that prints the remaining step: the host table decides
// which host gets the tokens of which account, for all clients.
func thenHost(c client) client {
	write := c.write
	c.write = func(ctx context.Context, s *setup) error {
		if err := write(ctx, s); err != nil {
			return err
		}
		host, err := wire.ParseHost(s.Host)
		if err != nil {
			return err
		}
		if row, err := s.Hosts.Find(host); err != nil || row.Account != s.Account {
			s.Warn("now let the account answer the host: codex-cred host add %s %s", host, s.Account)
		}
		return nil
	}
	return c
}

// dockerClient adds a credential helper for the host to docker's config. Docker looks for
// docker-credential-NAME in the PATH.
func dockerClient() client {
	c := editing(client{name: "docker", perHost: true, snippet: dockerSnippet, verify: verifyDocker}, dockerEdits)
	write := c.write
	c.write = func(ctx context.Context, s *setup) error {
		if err := write(ctx, s); err != nil {
			return err
		}
		if _, err := exec.LookPath(dockerProgram); err != nil {
			s.Warn("now let docker find us under the name that it looks for: %s", s.dockerLink())
		}
		return nil
	}
	return thenHost(c)
}

func dockerEdits(_ context.Context, s *setup) ([]configEdit, error) {
	path, err := s.configPath("DOCKER_CONFIG", ".docker", "config.json")
	return []configEdit{jsonEdit(path, s.dockerKeys())}, err
}

func (s *setup) dockerKeys() []jsonKey {
	return []jsonKey{
		{path: []string{"credHelpers", s.hostOrExample()}, value: strings.TrimPrefix(dockerProgram, "docker-credential-")},
	}
}

// dockerLink returns the command that creates the link.
func (s *setup) dockerLink() string {
	return fmt.Sprintf(
		"ln -s %s %s", fault.Quote(s.Command), fault.Quote(filepath.Join(filepath.Dir(s.Command), dockerProgram)),
	)
}

func dockerSnippet(_ context.Context, s *setup) (string, error) {
	doc, err := jsonedit.Set([]byte("{\n}"), s.dockerKeys()[0].value, s.dockerKeys()[0].path...)
	return s.hostHint() + "# once: " + s.dockerLink() + "\n" + string(doc) + "\n", err
}

// putLine sets the variable of the line in a file of NAME=VALUE lines.
func putLine(content []byte, line string, replace bool) (edited []byte, replaced []string, err error) {
	name, _, _ := strings.Cut(line, "=")
	var kept [][]byte
	for l := range bytes.Lines(content) {
		text := strings.TrimRight(string(l), "\r\n")
		switch {
		case text == line:
			return content, nil, nil
		case strings.HasPrefix(text, name+"="):
			replaced = append(replaced, name)
		default:
			kept = append(kept, l)
		}
	}
	if len(replaced) > 0 && !replace {
		return nil, nil, &otherValueError{replaced}
	}
	edited = bytes.Join(kept, nil)
	if len(edited) > 0 && edited[len(edited)-1] != '\n' {
		return append(edited, "\n"+line...), replaced, nil
	}
	return append(edited, line+"\n"...), replaced, nil
}

// takeLine removes the line.
func takeLine(content []byte, line string) []byte {
	var kept [][]byte
	for l := range bytes.Lines(content) {
		switch {
		case strings.TrimRight(string(l), "\r\n") != line:
			kept = append(kept, l)
		case !bytes.HasSuffix(l, []byte("\n")) && len(kept) > 0: // putLine added the newline before it
			kept[len(kept)-1] = bytes.TrimSuffix(kept[len(kept)-1], []byte("\n"))
		}
	}
	return bytes.Join(kept, nil)
}
