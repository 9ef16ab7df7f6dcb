package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
)

// chatGPT is the only host for which the tokens of the profile openai are meant.
const chatGPT = "chatgpt.com"

// target is the URL to which the client will send tokens, or nothing while no
// host is named.
func (s *setup) target(c client) string {
	switch {
	case s.Host != "":
		return "https://" + s.Host
	case s.BaseURL != "":
		return s.BaseURL
	}
	return c.home
}

// checkTarget keeps tokens for ChatGPT from other hosts, unless a person wants it.
func (s *setup) checkTarget(ctx context.Context, c client, allowForeign bool) error {
	target := s.target(c)
	if u, err := url.Parse(target); target == "" || err == nil && ofChatGPT(u) || allowForeign {
		return err
	}
	rec, err := s.records.Read(ctx, s.Account)
	if err != nil {
		return helper.ForAccount(s.Account, err)
	}
	if rec.Credential.Issuer.Profile != refresh.ProfileOpenAI {
		return nil
	}
	what := fmt.Errorf("set up %s: its requests, with a token that is for ChatGPT, would go to %s", c.name, shown(target))
	return helper.ForAccount(s.Account, withHint(what, "if you trust that host with it, add --allow-foreign-host"))
}

func ofChatGPT(u *url.URL) bool {
	return u.Scheme == "https" && strings.ToLower(u.Hostname()) == chatGPT && (u.Port() == "" || u.Port() == "443")
}

// checkURL wants an address to which tokens may go: https, or http on this
// computer; and nothing in it that does not belong into a config file.
func checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "" || strings.ContainsAny(text, "\"\\ \t\r\n'"):
		return usageError("--base-url takes a URL such as https://gateway.example.com/v1")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(text, "?#"):
		return usageError("--base-url takes a URL without user, query and fragment")
	case u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()):
		return checkHost(u.Host)
	}
	return usageError("--base-url takes https, or http to a loopback address such as 127.0.0.1")
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// checkHost wants a host name or address, perhaps with a port.
func checkHost(text string) error {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	} else if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return usageError("%q has no port between 1 and 65535", shown(text))
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
			return usageError("%q is no host such as gateway.example.com or gateway.example.com:8443", shown(text))
		}
	}
	return nil
}
