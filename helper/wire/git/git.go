// Package git implements the helper's side of git's credential helper protocol
// (https://git-scm.com/docs/git-credential#IOFMT and https://git-scm.com/docs/gitcredentials#_custom_helpers).
package git

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
)

// user is the user name sent with a token if the scheme needs one and the caller gave none. Servers that accept a token
// as a password ignore it.
const user = "oauth2"

// Serve performs one of git's operations. A request for a host that may not get a token gets no answer and no error;
// unknown operations and keys are ignored. If an allowed host gets no token, git is told not to ask other helpers, and
// Serve returns why.
func Serve(ctx context.Context, operation string, in io.Reader, out io.Writer, source wire.Source) error {
	var err error
	switch operation {
	case "get":
		err = get(ctx, in, out, source)
	case "erase":
		err = erase(ctx, in, source)
	case "capability":
		_, err = io.WriteString(out, "version 0\ncapability authtype\n")
	}
	if errors.Is(err, wire.ErrUnconfigured) {
		return nil
	}
	return err
}

func get(ctx context.Context, in io.Reader, out io.Writer, source wire.Source) error {
	r, err := read(in)
	if err != nil {
		return err
	}
	host, err := r.host()
	if err != nil {
		return err
	}
	token, err := source.Token(ctx, host)
	if errors.Is(err, wire.ErrUnconfigured) {
		return err
	}
	if err == nil {
		err = r.checkUser()
	}
	answer := []pair{{"quit", "1"}}
	if err == nil {
		answer = r.answer(token)
	}
	text, encodeErr := encode(answer)
	if encodeErr != nil {
		return encodeErr
	}
	_, writeErr := out.Write(text)
	return errors.Join(err, writeErr)
}

// erase reports to the source that the server refused the credential.
func erase(ctx context.Context, in io.Reader, source wire.Source) error {
	r, err := read(in)
	if err != nil {
		return err
	}
	host, err := r.host()
	if err != nil {
		return err
	}
	token := r.token()
	if token.IsZero() {
		return nil
	}
	return source.Rejected(ctx, host, token)
}

// A request is git's description of a credential.
type request struct {
	last  map[string]string   // the last value of each key
	lists map[string][]string // the values of each key that ends with []
}

func read(in io.Reader) (request, error) {
	text, err := wire.ReadLines(in)
	if err != nil {
		return request{}, err
	}
	pairs, err := decode(text)
	if err != nil {
		return request{}, err
	}
	r := request{last: map[string]string{}, lists: map[string][]string{}}
	for _, p := range pairs {
		switch {
		case p.key == "url":
			err = errors.Join(err, r.url(p.value))
		case !strings.HasSuffix(p.key, "[]"):
			r.last[p.key] = p.value
		case p.value == "":
			delete(r.lists, p.key) // an empty value clears the list
		default:
			r.lists[p.key] = append(r.lists[p.key], p.value)
		}
	}
	return r, err
}

// url splits a URL into the keys that it replaces.
func (r *request) url(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return fmt.Errorf("%w: its url does not parse", wire.ErrMalformed)
	}
	password, _ := u.User.Password()
	for key, value := range map[string]string{
		"protocol": u.Scheme, "host": u.Host, "username": u.User.Username(), "password": password,
	} {
		if strings.ContainsFunc(value, isControl) {
			return fmt.Errorf("%w: its url holds control characters", wire.ErrMalformed)
		}
		if value != "" || key == "host" || key == "protocol" {
			r.last[key] = value
		}
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// host returns the request's host. A request without protocol or host, or with a protocol other than HTTP, gets no
// token.
func (r request) host() (wire.Host, error) {
	protocol, host := r.last["protocol"], r.last["host"]
	if strings.ContainsFunc(protocol+host, isControl) {
		return wire.Host{}, fmt.Errorf("%w: its host holds control characters", wire.ErrMalformed)
	}
	if protocol == "" || host == "" || strings.ContainsAny(protocol, ":/") || strings.ContainsAny(host, "/@?#") {
		return wire.Host{}, wire.ErrUnconfigured
	}
	return wire.RequestedHost(protocol + "://" + host)
}

// answer returns the token in the form that the caller supports: with its scheme, which git supports since 2.46, or
// else as a password.
func (r request) answer(t wire.Token) []pair {
	expiry := pair{"password_expiry_utc", strconv.FormatInt(t.Expiry.Unix(), 10)}
	name := cmp.Or(r.last["username"], user)
	if !r.knowsSchemes() {
		return []pair{{"username", name}, {"password", t.Access.Reveal()}, expiry}
	}
	scheme, credential := bearer, t.Access.Reveal()
	if r.usesBasic() {
		scheme, credential = basic, base64.StdEncoding.EncodeToString([]byte(name+":"+t.Access.Reveal()))
	}
	return []pair{
		{"capability[]", "authtype"},
		{"authtype", scheme},
		{"credential", credential},
		{"ephemeral", "1"}, // no other helper should store it
		expiry,
	}
}

const (
	bearer = "Bearer"
	basic  = "Basic"
)

// checkUser rejects a user name that Basic cannot represent (RFC 7617 section 2): the server would split it at a colon.
func (r request) checkUser() error {
	name := r.last["username"]
	if r.usesBasic() && (strings.Contains(name, ":") || strings.ContainsFunc(name, isControl)) {
		return fmt.Errorf("%w: its user name holds a colon or a control character, which Basic cannot carry",
			wire.ErrMalformed)
	}
	return nil
}

// knowsSchemes reports whether the caller supports answers with a scheme.
func (r request) knowsSchemes() bool {
	return slices.Contains(r.lists["capability[]"], "authtype")
}

// usesBasic reports whether the token is sent with the Basic scheme, which git itself uses for a user and a password.
func (r request) usesBasic() bool { return !r.knowsSchemes() || r.wantsBasic() }

// wantsBasic reports whether the server offers Basic (RFC 7617) and not Bearer.
func (r request) wantsBasic() bool {
	offers := func(scheme string) bool {
		return slices.ContainsFunc(r.lists["wwwauth[]"], func(challenge string) bool {
			word, _, _ := strings.Cut(challenge, " ")
			return strings.EqualFold(word, scheme)
		})
	}
	return offers(basic) && !offers(bearer)
}

// token returns the token in the request, or the zero Secret.
func (r request) token() helper.Secret {
	if password := helper.NewSecret(r.last["password"]); !password.IsZero() {
		return password
	}
	if !strings.EqualFold(r.last["authtype"], basic) {
		return helper.NewSecret(r.last["credential"])
	}
	both, _ := base64.StdEncoding.DecodeString(r.last["credential"]) // invalid base64 contains no token of codex-cred
	_, token, _ := strings.Cut(string(both), ":")
	return helper.NewSecret(token)
}
