package refresh

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh/internal/salvage"
)

// grant returns the tokens of an answer to a refresh. The presented refresh token is already spent, so every source of
// its successor is accepted: a complete JSON object, or a truncated one that contains both tokens, whatever the framing
// and character set. With an error status, only an answer with a new refresh token counts.
//
// Beside an error, the grant contains the new refresh token if only the access token is unusable.
func (a answer) grant(profile string) (grant, error) {
	g, err := parseGrant(profile, a.body)
	if err == nil && a.isSuccess() {
		if err = a.repair(&g); err == nil {
			return g, nil
		}
	} else if err == nil {
		err = errors.New("the answer is an error, whatever tokens it holds")
	}
	found := a.bestCandidate(salvage.Parse(a.content()))
	if found.isUsable() {
		return found.grant, nil
	}
	return grant{refresh: found.refresh}, err
}

// repair looks for the refresh token in a body that parses without one: of duplicate members, the last usable one
// counts.
func (a answer) repair(g *grant) error {
	if !g.refresh.IsZero() {
		return nil
	}
	for o := range salvage.Parse(a.body).Objects {
		g.refresh = grantIn(o).refresh
		if g.refresh.IsZero() && hasMember(o, "error") {
			return errors.New("the answer holds an error and no refresh token")
		}
		break
	}
	return nil
}

// strictGrant returns the tokens of a sign-in. It is strict because a sign-in can be repeated.
func (a answer) strictGrant(profile string) (grant, error) {
	g, err := parseGrant(profile, a.body)
	if err == nil && (a.err != nil || a.status != http.StatusOK) {
		err = errors.New("the answer is not one of success")
	}
	return g, err
}

// content returns all received bytes, or the body if the raw bytes were not kept.
func (a answer) content() []byte {
	if a.raw == nil {
		return a.body
	}
	return a.raw
}

// isSuccess reports whether the status is a success, or missing.
func (a answer) isSuccess() bool {
	return a.status == 0 && len(a.raw) > 0 || a.status >= 200 && a.status < 300
}

// A candidate is a grant found in one JSON object of an answer.
type candidate struct {
	grant
	whole bool // the object is complete
}

func (f candidate) isUsable() bool   { return !f.access.IsZero() }
func (f candidate) hasRefresh() bool { return !f.refresh.IsZero() }

// bestCandidate returns the best grant in the answer: one with both tokens, else a complete object with only an access
// token of a server that keeps the refresh token, else one with a refresh token.
func (a answer) bestCandidate(from salvage.Answer) candidate {
	var accessOnly, refreshOnly candidate
	for o := range from.Objects {
		f := candidate{grantIn(o), o.Whole}
		echo := slices.ContainsFunc(a.secrets, f.refresh.Equal)
		switch {
		case f.hasRefresh() && f.isUsable():
			if !echo || a.isSuccess() {
				return f
			}
		case f.hasRefresh():
			if !echo && !refreshOnly.hasRefresh() {
				refreshOnly = f
			}
		case f.isUsable() && !accessOnly.isUsable() && a.renewsAccess(o):
			accessOnly = f
		}
	}
	if accessOnly.isUsable() {
		return accessOnly
	}
	return refreshOnly
}

// renewsAccess reports whether the object is a successful answer that renews only the access token.
func (a answer) renewsAccess(o salvage.Object) bool {
	return a.isSuccess() && o.Whole && !hasMember(o, "refresh_token") && !hasMember(o, "error")
}

// hasMember reports whether the object has a non-empty member of the name.
func hasMember(o salvage.Object, name string) bool {
	return slices.ContainsFunc(o.Members[name], func(value json.RawMessage) bool {
		text := string(bytes.TrimSpace(value))
		return text != "null" && text != `""`
	})
}

// grantIn returns the usable members of the object, the last of each name.
func grantIn(o salvage.Object) grant {
	text := func(name string, usable func(string) bool) string {
		for _, value := range slices.Backward(o.Members[name]) {
			var s string
			_ = json.Unmarshal(value, &s) // other types are ignored
			if s = strings.TrimFunc(s, isTokenPadding); usable(s) {
				return s
			}
		}
		return ""
	}
	last := func(name string) json.RawMessage {
		if all := o.Members[name]; len(all) > 0 {
			return all[len(all)-1]
		}
		return nil
	}
	return grant{
		access:        helper.NewSecret(text("access_token", tokenText)),
		refresh:       helper.NewSecret(text("refresh_token", refreshText)),
		idToken:       helper.NewSecret(text("id_token", tokenText)),
		life:          seconds(last("expires_in")),
		expiresAtOnce: isZeroSeconds(last("expires_in")),
		scope:         sanitize(text("scope", refreshText), maxJWT),
	}
}

// isTokenPadding reports whether r may surround a token without being part of it.
func isTokenPadding(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\ufeff' }

// refreshText reports whether s can be a refresh token (RFC 6749 appendix A.17). Unlike an access token it is never
// sent in a header, so spaces are allowed.
func refreshText(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// judgeUnclear returns the outcome of an answer that is neither a success nor a known error: unreadable if it may
// contain tokens.
func (a answer) judgeUnclear() outcome {
	if a.raw == nil || a.err == nil && len(parseFault(a.body).codes) > 0 {
		return unknown
	}
	parsed := salvage.Parse(a.raw)
	if a.isSuccess() && parsed.HasContent() || parsed.Mentions(`"access_token"`, `"refresh_token"`) {
		return unreadable
	}
	return unknown
}
