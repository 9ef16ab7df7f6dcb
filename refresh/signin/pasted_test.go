package signin

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
)

const pastedQuery = "code=the-code&state=the-state&iss=https%3A%2F%2Fissuer.example"

// TestPaste_Forms checks the forms in which an address is copied from a browser, a chat or a terminal.
func TestPaste_Forms(t *testing.T) {
	const whole = "http://127.0.0.1:1455/auth/callback?" + pastedQuery
	for _, c := range []struct{ name, text string }{
		{"the whole address", whole},
		{"with white space round it", "  \t" + whole + " \r\n\n"},
		{"in double quotes", `"` + whole + `"`},
		{"in single quotes", "'" + whole + "'"},
		{"in backquotes", "`" + whole + "`"},
		{"in curly quotes", "“" + whole + "”"},
		{"in angle brackets", "<" + whole + ">"},
		{"in quotes in white space", "  \" " + whole + " \" "},
		{"without its scheme", strings.TrimPrefix(whole, "http://")},
		{"without its scheme, by name", "localhost:1455/auth/callback?" + pastedQuery},
		{"with https, as a browser tried it", strings.Replace(whole, "http:", "https:", 1)},
		{"with a scheme in capitals", strings.Replace(whole, "http:", "HTTP:", 1)},
		{"with localhost", strings.Replace(whole, "127.0.0.1", "localhost", 1)},
		{"with [::1]", strings.Replace(whole, "127.0.0.1", "[::1]", 1)},
		{"with the port of a tunnel", strings.Replace(whole, "1455", "8080", 1)},
		{"only path and query", "/auth/callback?" + pastedQuery},
		{"only the query", pastedQuery},
		{"only the query with its mark", "?" + pastedQuery},
		{"only the query with an iss that is not escaped", "code=the-code&state=the-state&iss=https://issuer.example"},
		{"only the query with a mark in a value", pastedQuery + "&x=a?b"},
		{"only the query in another order", "iss=https%3A%2F%2Fissuer.example&state=the-state&code=the-code"},
		{"broken into lines", strings.ReplaceAll(whole, "&", "&\r\n  ")},
		{"broken within a word", strings.Replace(whole, "the-state", "the-\nstate", 1)},
		{"broken within an escape", strings.Replace(whole, "%3A", "%\n3A", 1)},
		{"with a tab inside", strings.Replace(whole, "the-code", "the\t-code", 1)},
		{"with a space that does not break", strings.Replace(whole, "the-code", "the\u00a0-code", 1)},
		{"with marks that nobody sees", "\ufeff" + strings.Replace(whole, "the-code", "the\u200b-code", 1)},
		{"with a fragment", whole + "#_=_"},
		{"with an empty fragment", whole + "#"},
		{"with a fragment that looks like an answer", whole + "#?code=x&state=y"},
		{"only the query with a fragment", pastedQuery + "#x"},
		{"escaped for HTML", strings.ReplaceAll(whole, "&", "&amp;")},
		{"escaped for HTML, in brackets, broken", "<" + strings.ReplaceAll(whole, "&", "&am\np;") + ">"},
		{"with a parameter that nobody knows", whole + "&session_state=x"},
		{"of 8 KiB", whole + "&x=" + strings.Repeat("x", 8<<10-len(whole)-3)},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := testAttempt()
			if err := a.paste(c.text); err != nil {
				t.Fatal(err)
			}
			if got := <-a.responses; got.err != nil || got.code.Reveal() != "the-code" {
				t.Errorf("error %v, code %q", got.err, got.code.Reveal())
			}
		})
	}
}

// TestPaste_Refused checks that any other text is rejected with advice, and that the attempt continues.
func TestPaste_Refused(t *testing.T) {
	const address = "http://127.0.0.1:1455/auth/callback"
	for _, c := range []struct {
		name, text string
		want       error
	}{
		{"nothing", "", errPasteEmpty},
		{"white space", " \r\n\t", errPasteEmpty},
		{"quotes round nothing", `""`, errPasteEmpty},
		{"more than 8 KiB", address + "?" + pastedQuery + "&x=" + strings.Repeat("x", 8<<10), errPasteLong},
		{"more than 8 KiB, mostly white space", pastedQuery + strings.Repeat(" ", 8<<10), errPasteLong},
		{"a bare code", "the-code", errPasteBare},
		{"a bare code with a dot", "ac_the.code", errPasteBare},
		{"only a code", "code=the-code", errPasteNoState},
		{"an address without its state", address + "?code=the-code", errPasteNoState},
		{"an address with an empty state", address + "?code=the-code&state=", errPasteNoState},
		{"an address without a query", address, errPasteNoState},
		{"an address with an empty query", address + "?", errPasteNoState},
		{"another state", address + "?code=the-code&state=other", errPasteState},
		{"the start of the state", address + "?code=the-code&state=the-stat", errPasteState},
		{"a state that goes on", address + "?code=the-code&state=the-state2", errPasteState},
		{"an error with another state", address + "?error=access_denied&state=other", errPasteState},
		{"an answer in the fragment", address + "#" + pastedQuery, errPasteNoState},
		{"two states", address + "?" + pastedQuery + "&state=the-state", errPasteQuery},
		{"two codes", address + "?" + pastedQuery + "&code=x", errPasteQuery},
		{"a bad escape", address + "?" + pastedQuery + "&x=%zz", errPasteQuery},
		{
			"the authorize address", issuer + "/authorize?client_id=c&state=the-state&code_challenge=x&redirect_uri=y",
			errPasteAuthorize,
		},
		{
			"the authorize address without its scheme", "issuer.example/authorize?client_id=c&state=the-state",
			errPasteAuthorize,
		},
		{"the authorize address cut", issuer + "/authorize", errPasteAuthorize},
		{"only the query of the authorize address", "client_id=c&state=the-state&code_challenge=x&code=y", errPasteAuthorize},
		{"a page of the issuer", issuer + "/log-in?state=the-state&code=c", errPasteElsewhere},
		{"another path", "http://127.0.0.1:1455/other?" + pastedQuery, errPasteElsewhere},
		{"another host", "http://192.0.2.1:1455/auth/callback?" + pastedQuery, errPasteElsewhere},
		{"a host that begins like ours", "http://127.0.0.1.evil.example/auth/callback?" + pastedQuery, errPasteElsewhere},
		{"user information", "http://127.0.0.1@evil.example/auth/callback?" + pastedQuery, errPasteElsewhere},
		{"user information at our host", "http://me@127.0.0.1:1455/auth/callback?" + pastedQuery, errPasteElsewhere},
		{"another scheme", "ftp://127.0.0.1:1455/auth/callback?" + pastedQuery, errPasteElsewhere},
		{"a file", "file:///auth/callback?" + pastedQuery, errPasteElsewhere},
		{"prose", "I / we do not know what to paste", errPasteElsewhere},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := testAttempt()
			if err := a.paste(c.text); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if len(a.responses) != 0 {
				t.Error("it ended the wait")
			}
			if err := a.paste(pastedQuery); err != nil || len(a.responses) != 1 {
				t.Errorf("the right answer after it: error %v", err)
			}
		})
	}
}

// TestPaste_Response checks that a pasted response is judged like one of the callback.
func TestPaste_Response(t *testing.T) {
	for _, c := range []struct {
		name, query string
		want        error
	}{
		{
			"denied", "error=access_denied&error_description=No%1b[31m+way&iss=https://issuer.example",
			helper.ErrSignInRequired,
		},
		{"trouble", "error=server_error&iss=https://issuer.example", helper.ErrTemporary},
		{"another issuer", "code=c&iss=https://evil.example", helper.ErrRejected},
		{"no iss", "code=c", helper.ErrRejected},
		{"no code", "iss=https://issuer.example", helper.ErrRejected},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := testAttempt()
			if err := a.paste("state=the-state&" + c.query); err != nil {
				t.Fatal(err)
			}
			if got := <-a.responses; !errors.Is(got.err, c.want) || !got.code.IsZero() ||
				strings.ContainsAny(got.err.Error(), "\x1b\n") {
				t.Errorf("error %q, want %v", got.err, c.want)
			}
		})
	}
}

// FuzzPaste checks that only the right state ends the wait, with either a code or a printable error of one line.
func FuzzPaste(f *testing.F) {
	for _, seed := range []string{
		"", pastedQuery, "?" + pastedQuery, "http://127.0.0.1:1455/auth/callback?" + pastedQuery, "<x>", "a b\n&amp;#", "://",
		"state=the-state", "%",
		"error=x%0a&error_description=%e2%80%ae&state=the-state&iss=https://issuer.example",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a := testAttempt()
		err := a.paste(text)
		if (err == nil) != (len(a.responses) == 1) {
			t.Fatalf("error %v, %d responses", err, len(a.responses))
		}
		if err != nil {
			return
		}
		stripped := unwrap(text)
		raw := stripped[strings.Index(stripped, "?")+1:]
		sent, parseErr := url.ParseQuery(raw)
		if parseErr != nil || sent.Get("state") != state {
			sent, parseErr = url.ParseQuery(stripped)
		}
		if parseErr != nil || sent.Get("state") != state {
			t.Fatalf("%q was taken without the state", text)
		}
		wantValid(t, <-a.responses, sent)
	})
}
