package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
)

// chatGPT is the only host that the tokens of ChatGPT accounts are meant for.
const chatGPT = "chatgpt.com"

// target returns the URL to which the client will send tokens, or "" if no host is named.
func (s *setup) target(c client) string {
	switch {
	case s.Host != "":
		return "https://" + s.Host
	case s.BaseURL != "":
		return s.BaseURL
	}
	return c.home
}

// checkTarget returns an error if tokens for ChatGPT would go to another host, unless allowForeign
// is set.
func (s *setup) checkTarget(ctx context.Context, c client, allowForeign bool) error {
	target := s.target(c)
	host, _ := wire.ParseHost(target) // an invalid host is not ChatGPT's
	if target == "" || host.ChatGPT() || allowForeign {
		return nil
	}
	rec, err := s.Records.Read(ctx, s.Account)
	if err != nil {
		return helper.ForAccount(s.Account, err)
	}
	if !wire.Foreign(host, rec.Credential) {
		return nil
	}
	what := fmt.Errorf(
		"set up %s: its requests, with a token that is for ChatGPT, would go to %s", c.name, terminal.Sanitize(target),
	)
	return helper.ForAccount(s.Account, fault.WithHint(what, "if you trust that host with it, add --allow-foreign-host"))
}

// checkURL checks that tokens may go to the URL, and that the URL is safe to write into a config.
func checkURL(text string) error {
	if _, err := wire.ParseHost(text); err != nil {
		return fault.UsageHint("--base-url: "+err.Error(), "give it as https://gateway.example.com/v1")
	}
	if !strings.Contains(text, "://") || strings.ContainsAny(text, "\"\\'") {
		return fault.Usage("--base-url takes a URL such as https://gateway.example.com/v1")
	}
	return nil
}

// checkHost checks that the text is a host name or address, with an optional port, in the form that
// configs of clients use.
func checkHost(text string) error {
	host, err := wire.ParseHost("https://" + text)
	if err == nil && host.Address() != text {
		err = fmt.Errorf("it is to be written as %s", host.Address())
	}
	if err != nil {
		return fault.UsageHint("--host: "+err.Error(), "give it as gateway.example.com or gateway.example.com:8443")
	}
	return nil
}
