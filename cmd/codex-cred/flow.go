package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/machine/portholder"
	"github.com/codex-cred/codex-cred/refresh"
	"github.com/codex-cred/codex-cred/refresh/signin"
)

// A flow signs the user in at the issuer.
type flow func(ctx context.Context, client *refresh.Client, iss helper.Issuer) (helper.Credential, error)

// flow returns the flow that the command line asks for. If no browser can be
// opened, it returns an error with the alternatives, because the user would
// wait for the browser in vain.
func (p *program) flow(c *cli.Context, account string, iss helper.Issuer) (flow, error) {
	if err := noEffect(c, iss); err != nil {
		return nil, err
	}
	instead := withoutBrowser(c, account, iss)
	switch {
	case c.Bool("device"):
		return func(ctx context.Context, client *refresh.Client, iss helper.Issuer) (helper.Credential, error) {
			got, err := p.onDevice(ctx, client, iss)
			if errors.Is(err, refresh.ErrNoDevice) {
				err = fault.WithHint(err, "run: "+again(c, account, "--no-browser"))
			}
			return got, err
		}, nil
	case c.Bool("no-browser"):
		return p.byPaste, nil
	case !p.hasBrowser():
		why := "there is no display"
		if p.Getenv("SSH_CONNECTION") != "" {
			why = "this is an ssh session"
		}
		return nil, fault.WithHint(fmt.Errorf("no browser can be opened here, %s: sign-in %w", why, fault.ErrNeedsPerson),
			"run: "+instead)
	}
	return func(ctx context.Context, client *refresh.Client, iss helper.Issuer) (helper.Credential, error) {
		got, err := p.inBrowser(ctx, client, iss)
		if busy := (*signin.PortsError)(nil); errors.As(err, &busy) {
			err = fault.WithHint(fmt.Errorf("%w%s", err, holders(ctx, busy.Addresses)), "or run: "+instead)
		}
		return got, err
	}, nil
}

// withoutBrowser returns the command that signs in without a browser on this
// machine. If the issuer supports device codes, the command uses one: a code is
// easier to enter than a URL.
func withoutBrowser(c *cli.Context, account string, iss helper.Issuer) string {
	byPaste := again(c, account, "--no-browser")
	if iss.DeviceEndpoint == "" {
		return byPaste
	}
	return again(c, account, "--device") + "; if your account allows no device codes: " + byPaste
}

// noEffect returns an error for flags that have no effect with --device.
func noEffect(c *cli.Context, iss helper.Issuer) error {
	switch {
	case !c.Bool("device"):
		return nil
	case c.IsSet("redirect-uri"):
		return fault.Usage("--redirect-uri has no effect with --device")
	case c.IsSet("scope") && iss.Profile == refresh.ProfileOpenAI:
		return fault.Usage("--scope has no effect with --device: OpenAI's codes have one scope")
	}
	return nil
}

func (p *program) inBrowser(ctx context.Context, client *refresh.Client, iss helper.Issuer) (helper.Credential, error) {
	readyToStart()
	stop := func() {}
	defer func() { stop() }()
	b := signin.Browser{
		Client: client,
		Random: rand.Reader,
		Open:   p.openBrowser,
		Warn:   p.warnShown,
		Listening: func(url string) {
			p.Warn("opening your browser to sign in at %s; if none opens, or it cannot connect, visit:\n%s", iss.URL, url)
			if terminal.IsTerminal(p.Err) {
				stop = p.NoticeAfter("waiting for you to sign in there, up to %s; Ctrl-C ends it",
					terminal.Span(signin.DefaultLimit))
			}
		},
	}
	return b.SignIn(ctx, iss)
}

// warnShown prints a line with text from outside, sanitized.
func (p *program) warnShown(text string) { p.Warn("%s", terminal.OneLine(text)) }

// byPaste signs in with the URL that the user pastes. It also listens, because
// the browser may reach this machine through a tunnel.
func (p *program) byPaste(ctx context.Context, client *refresh.Client, iss helper.Issuer) (helper.Credential, error) {
	listens := true
	b := signin.Browser{
		Client: client,
		Random: rand.Reader,
		Warn:   p.warnShown,
		Pasted: p.telling(p.pastes(), &listens),
		ListenFailed: func(busy *signin.PortsError) {
			listens = false
			p.warnShown(fmt.Sprintf("warning: codex-cred cannot listen on %s%s; only pasting the address completes this sign-in",
				strings.Join(busy.Addresses, " or "), holders(ctx, busy.Addresses)))
		},
		Listening: func(url string) {
			p.Warn("to sign in at %s, open this address in a browser on any computer:\n\n%s\n\n"+
				"In the end the browser shows an address that begins with http://127.0.0.1\n"+
				"or http://localhost, and perhaps an error page: that is as it should be.\n"+
				"Paste that whole address here within %s, then press Enter:", iss.URL, url, terminal.Span(signin.DefaultLimit))
		},
		Rejected: func(why error) { p.Warn("%s:", terminal.OneLine(why.Error())) },
	}
	return b.SignIn(ctx, iss)
}

// telling returns pasted with a notice when standard input ends. If the sign-in
// does not listen either, it fails with an error that says so.
func (p *program) telling(
	pasted func(context.Context) (string, error), listens *bool,
) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		text, err := pasted(ctx)
		if errors.Is(err, io.EOF) && *listens {
			p.Warn("standard input has ended: nothing can be pasted any more; waiting for the browser itself")
		}
		return text, err
	}
}

// holderText describes a program that holds a port.
func holderText(h portholder.Holder) string {
	of := ""
	if h.User != "" {
		of = " of user " + terminal.Sanitize(h.User)
	}
	if h.PID == 0 {
		return "a program" + of
	}
	return fmt.Sprintf("%s, process %d%s", orDash(terminal.Sanitize(h.Name)), h.PID, of)
}

// holders describes the programs that hold the addresses, as far as the system
// knows.
func holders(ctx context.Context, addresses []string) string {
	found := make([]string, 0, len(addresses))
	for _, address := range addresses {
		_, text, _ := net.SplitHostPort(address)
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			continue
		}
		if h, ok := portholder.Find(ctx, uint16(port)); ok {
			found = append(found, fmt.Sprintf("port %d is held by %s", port, holderText(h)))
		} else {
			found = append(found, fmt.Sprintf("who holds port %d is not known", port))
		}
	}
	if len(found) == 0 {
		return ""
	}
	return " (" + strings.Join(found, "; ") + ")"
}
