package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
)

// rcloneClient sets the command in the section of a WebDAV remote. rclone runs it once, and again
// after a 401.
func rcloneClient() client {
	c := client{name: "rclone", verify: verifyRclone, snippet: func(_ context.Context, s *setup) (string, error) {
		section, err := s.rcloneSection()
		return section.text("\n"), err
	}}
	c = editing(c, func(_ context.Context, s *setup) ([]configEdit, error) {
		path, err := s.rcloneConfig()
		if err != nil {
			return nil, err
		}
		section, err := s.rcloneSection()
		return []configEdit{{
			path: path,
			put: func(content []byte, replace bool) ([]byte, []string, error) {
				if err := section.free(content); err != nil {
					return nil, nil, err
				}
				return section.put(content, replace)
			},
			take: section.take,
		}}, err
	})
	change := c.write
	c.write = func(ctx context.Context, s *setup) error {
		if s.BaseURL == "" {
			return fault.Usage("name what the remote is: codex-cred setup rclone %s --write --base-url URL", s.Account)
		}
		return change(ctx, s)
	}
	return c
}

func (s *setup) rcloneConfig() (string, error) {
	if path := s.Getenv("RCLONE_CONFIG"); path != "" {
		return filepath.Abs(path)
	}
	return s.xdgPath("XDG_CONFIG_HOME", ".config", "rclone", "rclone.conf")
}

func (s *setup) rcloneSection() (section, error) {
	command := s.Command + " get " + s.Account
	return section{
		header: "[" + codexProvider + "]",
		lines: []string{
			"type = webdav", "url = " + cmp.Or(s.BaseURL, "https://"+exampleHost), "bearer_token_command = " + command,
		},
	}, s.wordsAlone()
}

// wordsAlone returns an error unless the command can be written without quotes.
func (s *setup) wordsAlone() error {
	if fault.Quote(s.Command) == s.Command {
		return nil
	}
	return fault.WithHint(
		fmt.Errorf("%s cannot run %q, which has a space or a mark in it", s.Client, s.Command),
		"run codex-cred through a link without one",
	)
}

// free returns an error if the content is encrypted, or has another section with our name.
func (t section) free(content []byte) error {
	if bytes.Contains(content, []byte("RCLONE_ENCRYPT_V")) {
		return fault.WithHint(
			errors.New("it is encrypted"), "put in with rclone config what this prints: codex-cred setup rclone",
		)
	}
	if at, _ := t.find(content); at >= 0 {
		return nil
	}
	for line := range strings.Lines(string(content)) {
		if strings.TrimSpace(line) == t.header {
			return fault.WithHint(
				fmt.Errorf("it has another remote %q", codexProvider), "first run: rclone config delete "+codexProvider,
			)
		}
	}
	return nil
}

// verifyRclone puts the URL into the name of the remote, which overrides the config.
func verifyRclone(ctx context.Context, s *setup) error {
	return s.tryClient(ctx, trialRun{
		program:     "rclone",
		contentType: "application/xml",
		answer:      `<?xml version="1.0"?><multistatus xmlns="DAV:"></multistatus>`,
		args: func(url string) []string {
			return []string{"lsd", fmt.Sprintf("%s,url=%q:", codexProvider, url), "--retries", "1", "--low-level-retries", "1"}
		},
		environment: func(string) []string { return nil },
		hint:        "look at the remote with: rclone config show " + codexProvider,
	})
}
