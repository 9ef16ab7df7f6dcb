package refresh

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// maxPastedCredential limits the document's size in bytes.
const maxPastedCredential = 64 << 10

// ParseCredential reads a credential that was obtained elsewhere: one JSON object with the members of a token response
// (RFC 6749 section 5.1) and members that identify its owner and issuer:
//
//	access_token   required
//	refresh_token  optional; without it the credential cannot be refreshed
//	expires_in     seconds from now, or
//	expiry         a time of RFC 3339; default: the access token's exp, or one hour
//	id_token       for the identity; default: the access token, if it is a JWT
//	account_id     of the identity; default: the id_token's
//	token_type     Bearer
//	scope
//	profile, issuer, client_id, originator   as in Settings
//
// Parsing is strict: unknown or duplicate members, values of the wrong type, data after the object, and documents over
// 64 KiB are [helper.ErrInvalid]. Errors contain no part of a value. For the oauth profile the issuer's metadata is
// fetched, with the errors of [Client.Issuer].
//
// The credential has generation 1. Its previous owner must not use the refresh token any more.
//
//	access_token   required
//	refresh_token  none: the credential ends with its access token
//	expires_in     seconds from now, or
//	expiry         a time of RFC 3339; else the access token's exp, else an hour
//	id_token       for the identity; else the access token, if it is a JWT
//	account_id     of the identity; else the id_token's
//	token_type     Bearer
//	scope
//	profile, issuer, client_id, originator   as of Settings
//
// It is strict: an unknown member, one that is there twice, a value of another type and anything after the object are
// [helper.ErrInvalid], as is a document of more than 64 KiB. No part of a value is in an error. For the oauth profile
// the issuer is asked for its metadata, with the errors of [Client.Issuer].
//
// The credential has generation 1. Its previous owner must not use the refresh token any more.
func (c *Client) ParseCredential(ctx context.Context, r io.Reader) (helper.Credential, error) {
	g, err := readPastedCredential(r)
	if err == nil {
		err = g.check()
	}
	if err != nil {
		return helper.Credential{}, fmt.Errorf("the credential is %w: %w", helper.ErrInvalid, err)
	}
	iss, err := c.Issuer(ctx,
		Settings{Profile: g["profile"], Issuer: g["issuer"], ClientID: g["client_id"], Originator: g["originator"]})
	if err != nil {
		return helper.Credential{}, err
	}
	cred, err := g.credential(iss, c.Now())
	if err != nil {
		return helper.Credential{}, fmt.Errorf("the credential is %w: %w", helper.ErrInvalid, err)
	}
	return cred, nil
}

// pastedCredential holds the document's members as strings.
type pastedCredential map[string]string

// credentialMembers returns the allowed members, and whether each is a number.
func credentialMembers() map[string]bool {
	const text, number = false, true
	return map[string]bool{
		"access_token": text, "refresh_token": text, "id_token": text, "token_type": text, "scope": text,
		"expires_in": number, "expiry": text, "account_id": text,
		"profile": text, "issuer": text, "client_id": text, "originator": text,
	}
}

func readPastedCredential(r io.Reader) (pastedCredential, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxPastedCredential+1))
	if err != nil {
		return nil, fmt.Errorf("read it: %w", err)
	}
	if len(body) > maxPastedCredential {
		return nil, errors.New("it has more than 64 KiB")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil, errors.New("it is not a JSON object")
	}
	g := pastedCredential{}
	for d.More() {
		if err := g.readMember(d); err != nil {
			return nil, err
		}
	}
	if last, err := d.Token(); err != nil || last != json.Delim('}') {
		return nil, errors.New("its JSON object does not end")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows its JSON object")
	}
	return g, nil
}

// readMember reads a name and its value.
func (g pastedCredential) readMember(d *json.Decoder) error {
	token, err := d.Token()
	name, ok := token.(string)
	if err != nil || !ok {
		return errors.New("it is not JSON")
	}
	number, known := credentialMembers()[name]
	if _, twice := g[name]; twice {
		return fmt.Errorf("its member %s is there twice", name)
	}
	if !known {
		return fmt.Errorf("it has a member%s that is none of a credential", safeMemberName(name))
	}
	value, err := d.Token()
	if err != nil {
		return fmt.Errorf("its member %s is cut or not JSON", name)
	}
	switch v := value.(type) {
	case string:
		g[name], ok = v, !number
	case json.Number:
		g[name], ok = v.String(), number
	default:
		ok = false
	}
	if !ok {
		return fmt.Errorf("its member %s has the wrong type", name)
	}
	return nil
}

// safeMemberName returns a space and the name, or "" if the name might be a misplaced token.
func safeMemberName(name string) string {
	if len(name) <= 20 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") == "" {
		return " " + name
	}
	return ""
}

func (g pastedCredential) check() error {
	_, hasSpan := g["expires_in"]
	_, hasTime := g["expiry"]
	switch {
	case g["access_token"] == "":
		return errors.New("it has no access_token")
	case hasSpan && hasTime:
		return errors.New("it has both expires_in and expiry")
	case hasSpan && seconds(json.RawMessage(g["expires_in"])) == 0:
		return errors.New("its expires_in is no number of seconds")
	}
	body, err := json.Marshal(g)
	if err != nil {
		return errors.New("it is not text")
	}
	_, err = parseGrant(ProfileOpenAI, body) // the profile without a mandatory token_type
	return err
}

// credential converts a document that passed check.
func (g pastedCredential) credential(iss helper.Issuer, now time.Time) (helper.Credential, error) {
	answer := grant{
		access: helper.NewSecret(g["access_token"]), refresh: helper.NewSecret(g["refresh_token"]),
		idToken: helper.NewSecret(g["id_token"]), life: seconds(json.RawMessage(g["expires_in"])),
		scope: sanitize(g["scope"], maxJWT),
	}
	if err := answer.checkIssuer(iss); err != nil {
		return helper.Credential{}, err
	}
	if answer.idToken.IsZero() {
		answer.idToken = answer.access
	}
	c := answer.renew(helper.Credential{Issuer: iss}, now)
	if text, ok := g["expiry"]; ok {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil || t.After(now.Add(maxLife)) {
			return helper.Credential{}, errors.New("its expiry is no time of RFC 3339 such as 2030-01-31T12:00:00Z")
		}
		c.Expiry = t.UTC()
	}
	c.Identity.AccountID = or(sanitize(g["account_id"], maxClaim), c.Identity.AccountID)
	if !c.Valid(now) && c.RefreshToken.IsZero() {
		return helper.Credential{}, errors.New("its access token has expired and there is no refresh token")
	}
	return c, nil
}

// checkIssuer returns an error if the id_token names another issuer or client.
func (g grant) checkIssuer(iss helper.Issuer) error {
	if g.idToken.IsZero() {
		return nil
	}
	claims, err := parseClaims(g.idToken.Reveal())
	switch {
	case err != nil:
		return fmt.Errorf("its id_token cannot be read: %w", err)
	case claims.isDifferent(helper.Credential{Issuer: iss}):
		return errors.New("its id_token is of another issuer or client")
	}
	return nil
}
