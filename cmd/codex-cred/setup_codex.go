package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/config/tomledit"
)

// codexProvider is the name of our provider in Codex's config.
const codexProvider = "codex-cred"

// codexClient adds a provider that gets its token from a command. Codex kills the command after
// timeout_ms and then sends the request without a token, so our command must fail before that, with
// an error that Codex shows. Codex caches a token for refresh_interval_ms, which the token must
// outlive, and runs the command again after a 401.
func codexClient() client {
	c := client{
		name: "codex", home: codexBase, snippet: codexSnippet, verify: verifyCodex,
		keeps: codexKeeps, keepsLess: "put a smaller refresh_interval_ms into Codex's config.toml",
	}
	return editing(c, func(ctx context.Context, s *setup) ([]configEdit, error) {
		path, err := s.configPath("CODEX_HOME", ".codex", "config.toml")
		return []configEdit{{
			path: path,
			put:  func(content []byte, replace bool) ([]byte, []string, error) { return s.putCodex(ctx, content, replace) },
			take: takeCodex,
		}}, err
	})
}

// A tomlTable is a table and its lines.
type tomlTable struct {
	path  []string
	lines []string
}

// codexPath returns the path of the provider's table, or of a table below it.
func codexPath(below ...string) []string {
	return append([]string{"model_providers", codexProvider}, below...)
}

// codexTables returns the tables of the provider. ChatGPT requires the account's id beside the
// token.
func (s *setup) codexTables(ctx context.Context) ([]tomlTable, error) {
	rec, err := s.Records.Read(ctx, s.Account)
	if err != nil {
		return nil, helper.ForAccount(s.Account, err)
	}
	provider := []string{
		`name = "ChatGPT via codex-cred"`,
		"base_url = " + tomledit.Quote(cmp.Or(s.BaseURL, codexBase)),
		`wire_api = "responses"`,
	}
	if id := rec.Credential.Identity.AccountID; id != "" {
		provider = append(provider, fmt.Sprintf(`http_headers = { "chatgpt-account-id" = %s }`, tomledit.Quote(id)))
	}
	auth := []string{
		"command = " + tomledit.Quote(s.Command),
		fmt.Sprintf(`args = ["get", %s, "--timeout", "4s", "--min-ttl", %q]`, tomledit.Quote(s.Account), askedTTL),
		"timeout_ms = 5000",
		"refresh_interval_ms = 300000",
	}
	return []tomlTable{{codexPath(), provider}, {codexPath("auth"), auth}}, nil
}

func codexSnippet(ctx context.Context, s *setup) (string, error) {
	edited, _, err := s.putCodex(ctx, nil, false)
	return string(edited), err
}

// putCodex adds our provider and selects it.
func (s *setup) putCodex(
	ctx context.Context, content []byte, replace bool,
) (edited []byte, replaced []string, err error) {
	tables, err := s.codexTables(ctx)
	if err != nil {
		return nil, nil, err
	}
	chosen, hasChoice, err := tomledit.Get(content, "model_provider")
	if err != nil {
		return nil, nil, err
	}
	if hasChoice && string(chosen) != strconv.Quote(codexProvider) {
		replaced = append(replaced, "model_provider")
	}
	there, as, err := isThere(content, tables)
	if err != nil {
		return nil, nil, err
	}
	if there && !as {
		replaced = append(replaced, strings.Join(codexPath(), "."))
	}
	if len(replaced) > 0 && !replace {
		return nil, nil, &otherValueError{replaced}
	}
	edited, err = tomledit.SetKey(content, "model_provider", tomledit.Quote(codexProvider))
	if err != nil || as {
		return edited, replaced, err
	}
	if edited, err = tomledit.RemoveTables(edited, codexPath()...); err == nil {
		edited, err = appendTables(edited, tables)
	}
	return edited, replaced, err
}

func appendTables(content []byte, tables []tomlTable) ([]byte, error) {
	for _, t := range tables {
		var err error
		if content, err = tomledit.AppendTable(content, t.path, t.lines...); err != nil {
			return nil, err
		}
	}
	return content, nil
}

// isThere reports whether the provider exists, and whether it has the right values.
func isThere(content []byte, tables []tomlTable) (there, as bool, err error) {
	got, there, err := tomledit.Get(content, tables[0].path...)
	if err != nil || !there {
		return false, false, err
	}
	alone, err := appendTables(nil, tables)
	if err != nil {
		return false, false, err
	}
	want, _, err := tomledit.Get(alone, tables[0].path...)
	return true, bytes.Equal(got, want), err
}

// takeCodex removes everything under the name of our provider, because no other program uses that
// name.
func takeCodex(content []byte) ([]byte, error) {
	content, err := tomledit.RemoveTables(content, codexPath()...)
	if err != nil {
		return nil, err
	}
	if chosen, _, err := tomledit.Get(content, "model_provider"); err != nil ||
		string(chosen) != strconv.Quote(codexProvider) {
		return content, err
	}
	return tomledit.RemoveKey(content, "model_provider")
}
