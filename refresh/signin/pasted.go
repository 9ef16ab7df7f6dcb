package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"unicode"

	"github.com/codex-cred/codex-cred/helper"
)

// Reasons for rejecting a pasted text. None contains any of the text.
var (
	errPasteEmpty = errors.New("nothing was pasted")
	errPasteLong  = errors.New("the pasted text is longer than 8 KiB, which no such address is")
	errPasteBare  = errors.New("that is not a whole address; paste all of the address that the browser ended at, " +
		"not only the code")
	errPasteAuthorize = errors.New("that is the address where the sign-in begins; sign in there, then paste the " +
		"address that the browser ended at")
	errPasteElsewhere = errors.New("that is not the address that the sign-in ends at; finish the sign-in, then paste " +
		"the address that the browser ended at")
	errPasteQuery   = errors.New("the address is cut or changed; paste all of it again")
	errPasteNoState = errors.New("the address lacks its state; paste all of the address that the browser ended at")
	errPasteState   = errors.New("that is the answer to another sign-in; paste the address that the browser ended at " +
		"this time")
)

// A paste is a result of Pasted.
type paste struct {
	text string
	err  error
}

// ask calls Pasted once. The result may arrive after the sign-in, and is then ignored.
func (b *Browser) ask(ctx context.Context) <-chan paste {
	if b.Pasted == nil {
		return nil
	}
	pasted := make(chan paste, 1)
	go func() {
		text, err := b.Pasted(ctx)
		pasted <- paste{text, err}
	}()
	return pasted
}

// pasteError returns the error of a sign-in without a listener in which Pasted failed.
func pasteError(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("nobody pasted the address that the browser ended at; start the sign-in again: %w",
			helper.ErrTemporary)
	}
	return fmt.Errorf("read the address that the browser ended at: %w; start the sign-in again: %w", err,
		helper.ErrTemporary)
}

// paste delivers the response in a pasted text. An error is why it is not the response to this attempt, which is then
// unchanged.
func (a *attempt) paste(text string) error {
	if len(text) > maxQuery {
		return errPasteLong
	}
	text = unwrap(text)
	if text == "" {
		return errPasteEmpty
	}
	place, raw, _ := strings.Cut(text, "?")
	if name, _, member := strings.Cut(text, "="); member && !strings.ContainsAny(name, "?/:") {
		place, raw = "", text // only the query was pasted
	}
	query, err := parseQuery(raw)
	switch {
	case err == nil && query.Has("code_challenge"), a.isAuthorization(place):
		return errPasteAuthorize
	case place == text && !strings.Contains(place, "/"):
		return errPasteBare
	case place != "" && !a.isRedirect(place):
		return errPasteElsewhere
	case err != nil:
		return errPasteQuery
	case query.Get("state") == "":
		return errPasteNoState
	case !helper.NewSecret(query.Get("state")).Equal(a.state):
		return errPasteState
	}
	a.respond(a.readResponse(query))
	return nil
}

// unwrap removes what surrounds a copied address: white space, including line breaks of the terminal, invisible
// characters, quotes, brackets, HTML escapes, and the fragment, which only the browser uses.
func unwrap(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	text = strings.Trim(text, "\"'`<>“”‘’„«»")
	text = strings.ReplaceAll(text, "&amp;", "&")
	text, _, _ = strings.Cut(text, "#")
	return text
}

// parsePlace parses an address without its query. The scheme may be missing, because browsers hide it.
func parsePlace(place string) (*url.URL, error) {
	if !strings.Contains(place, "://") {
		place = "http://" + place
	}
	return url.Parse(place)
}

// isRedirect reports whether the address is the redirect URI, with any name of this machine (RFC 8252 section 8.10).
// The port may differ, as with a tunnel: the state proves that the response belongs to this attempt.
func (a *attempt) isRedirect(place string) bool {
	if place == a.redirect.Path {
		return true
	}
	u, err := parsePlace(place)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.User == nil &&
		isLoopbackHost(u.Hostname()) && u.EscapedPath() == a.redirect.EscapedPath()
}

// isAuthorization reports whether the address is the authorization endpoint.
func (a *attempt) isAuthorization(place string) bool {
	begin, beginErr := url.Parse(a.iss.AuthorizationEndpoint)
	u, err := parsePlace(place)
	return beginErr == nil && err == nil && u.Host == begin.Host && u.Path == begin.Path
}
