package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
	"github.com/codex-cred/codex-cred/refresh/signin"
)

func (p *program) onDevice(ctx context.Context, client *refresh.Client, iss helper.Issuer) (helper.Credential, error) {
	d := signin.Device{
		Client: client,
		Now:    p.Now,
		Show: func(code signin.Code) {
			_, _ = io.WriteString(p.Err, p.deviceText(iss.URL, code)) // on failure the sign-in times out
		},
	}
	return d.SignIn(ctx, iss)
}

// deviceText returns the instructions for the user. The warning follows RFC
// 8628, section 5.4.
func (p *program) deviceText(issuer string, code signin.Code) string {
	var b strings.Builder
	columns, drawn := p.screen()
	fmt.Fprintf(&b, "To sign in at %s, open this page on any device:\n\n    %s\n\nand enter this code:\n\n",
		terminal.Sanitize(issuer), terminal.Sanitize(code.URL))
	fmt.Fprintf(&b, "    %s\n\n", terminal.Sanitize(code.UserCode))
	if drawn {
		b.WriteString(p.qr(code, columns))
	}
	b.WriteString("Enter the code only if you began this sign-in yourself, just now. Never give\n" +
		"it to anybody, and never enter one that somebody sent you: whoever has it\n" +
		"approved is signed in to your account.\n")
	fmt.Fprintf(&b, "Waiting for you, up to %s; Ctrl-C ends it.\n",
		terminal.Span(code.Expiry.Sub(p.Now()).Round(time.Minute)))
	return b.String()
}

// qr draws the URL as a QR code, if the screen is wide enough. It is dark on
// light whatever the terminal's colors, so that cameras can read it.
func (p *program) qr(code signin.Code, columns int) string {
	address := code.URLComplete
	if address == "" {
		address = code.URL
	}
	rows, err := qrCode(address)
	if err != nil {
		return "" // too long to draw; the text above has it
	}
	darkOnLight := terminal.Style("\x1b[30;107m")
	if p.Getenv("NO_COLOR") != "" {
		darkOnLight = terminal.Plain
		invert(rows) // most terminals are dark
	}
	drawn := indented(halfBlocks(rows), columns, darkOnLight)
	if drawn == "" {
		return ""
	}
	return "or let a phone read it:\n\n" + drawn
}

// indented returns the lines with a margin, or an empty string if they do not
// fit.
func indented(lines []string, columns int, s terminal.Style) string {
	const margin = "    "
	var b strings.Builder
	for _, line := range lines {
		if len(margin)+len([]rune(line)) > columns {
			return ""
		}
		b.WriteString(margin + terminal.Cell{Text: line, Style: s}.Paint(s != terminal.Plain) + "\n")
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	return b.String()
}

// screen returns the width of the terminal, and whether it can show a QR code.
func (p *program) screen() (columns int, drawn bool) {
	f, ok := p.Err.(*os.File)
	if !ok || !terminal.IsTerminal(f) || p.Getenv("TERM") == "dumb" || p.onlyASCII() {
		return 0, false
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	return columns, err == nil
}

// onlyASCII reports whether the locale lacks the characters of a QR code. The
// first of these variables that is set counts (POSIX, chapter 8.2). If none is
// set, onlyASCII returns false, as most terminals have them.
func (p *program) onlyASCII() bool {
	for _, variable := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToLower(p.Getenv(variable)); value != "" {
			return !strings.Contains(value, "utf-8") && !strings.Contains(value, "utf8")
		}
	}
	return false
}
