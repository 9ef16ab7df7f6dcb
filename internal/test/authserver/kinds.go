package authserver

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// A kind is the effect of a fault.
type kind struct {
	after  bool     // the request is processed first
	grants []string // to which it applies
	spoil  func(*Server, reply) reply
}

func (k kind) hits(grant string) bool { return slices.Contains(k.grants, grant) }

// kinds is the table of all faults.
func kinds() map[string]kind {
	table := anywhereKinds()
	maps.Copy(table, answerKinds())
	maps.Copy(table, refusalKinds())
	maps.Copy(table, authorizeKinds())
	maps.Copy(table, frameKinds())
	table[WrongIssuer] = kind{after: true, grants: []string{GrantMetadata}, spoil: otherMetadata}
	return table
}

func anywhereKinds() map[string]kind {
	table := map[string]kind{
		DropBefore: {spoil: deliverAs(deliverNone)},
		DropAfter:  {after: true, spoil: deliverAs(deliverNone)},
		Delay:      {after: true, spoil: func(_ *Server, r reply) reply { r.held = true; return r }},
		Redirect:   {spoil: sendElsewhere},

		Status403: {spoil: page(http.StatusForbidden)},
		Status404: {spoil: page(http.StatusNotFound)},
		Status408: {spoil: page(http.StatusRequestTimeout)},
		Status429: {spoil: page(http.StatusTooManyRequests)},
		Status500: {spoil: page(http.StatusInternalServerError)},
		Status502: {after: true, spoil: page(http.StatusBadGateway)},
		Status503: {spoil: page(http.StatusServiceUnavailable)},

		Truncated:      {after: true, spoil: deliverAs(deliverCut)},
		TruncatedClose: {after: true, spoil: deliverAs(deliverCutClose)},
		HTML200:        {after: true, spoil: page(http.StatusOK)},
	}
	for name, k := range table {
		k.grants = grants()
		table[name] = k
	}
	return table
}

func answerKinds() map[string]kind {
	grants := []string{GrantCode, GrantRefresh, GrantDeviceToken}
	edit := func(change func(*Server, reply)) kind {
		return kind{after: true, grants: grants, spoil: func(s *Server, r reply) reply {
			if r.members != nil {
				change(s, r)
			}
			return r
		}}
	}
	without := func(member string) kind {
		return edit(func(_ *Server, r reply) { delete(r.members, member) })
	}
	return map[string]kind{
		NoExpiresIn:    without("expires_in"),
		NoRefreshToken: without("refresh_token"),
		NoAccessToken:  without("access_token"),
		NoIDToken:      without("id_token"),
		WrongTokenType: edit(func(_ *Server, r reply) { r.members["token_type"] = "mac" }),
		Oversized:      edit(func(_ *Server, r reply) { r.members["padding"] = strings.Repeat("x", 1<<20) }),
		OtherUser: edit(func(s *Server, r reply) {
			r.members["id_token"] = s.tokens.sign(s.idClaims(strangerOf(r.family.user)))
		}),
	}
}

func refusalKinds() map[string]kind {
	rfc := func(e refusal) func(*Server, reply) reply {
		return func(*Server, reply) reply { return oauthRefuse(e) }
	}
	table := map[string]kind{
		InvalidGrant: {grants: []string{GrantCode, GrantRefresh, GrantDeviceToken}, spoil: rfc(invalidGrant("The grant is invalid."))},
		SlowDown:     {grants: []string{GrantDeviceToken}, spoil: rfc(slowDownRefusal())},
	}
	for _, code := range []string{RefreshTokenExpired, RefreshTokenReused, RefreshTokenInvalidated, TokenExpired, AppSessionTerminated} {
		table[code] = kind{grants: []string{GrantRefresh}, spoil: func(*Server, reply) reply {
			return openaiRefuse(refreshRefusal(code))
		}}
	}
	return table
}

func authorizeKinds() map[string]kind {
	edit := func(change func(s *Server, set func(name, value string))) kind {
		return kind{after: true, grants: []string{GrantAuthorize}, spoil: func(s *Server, r reply) reply {
			if r.location == nil {
				return r
			}
			query := r.location.Query()
			change(s, func(name, value string) {
				query.Del(name)
				if value != "" {
					query.Set(name, value)
				}
			})
			r.location.RawQuery = query.Encode()
			return r
		}}
	}
	return map[string]kind{
		WrongState: edit(func(_ *Server, set func(string, string)) { set("state", randomText(32)) }),
		NoIss:      edit(func(_ *Server, set func(string, string)) { set("iss", "") }),
		WrongIss:   edit(func(s *Server, set func(string, string)) { set("iss", s.url+"/other") }),
		AccessDenied: edit(func(_ *Server, set func(string, string)) {
			set("code", "")
			set("error", "access_denied")
			set("error_description", "The person refused.")
		}),
	}
}

func deliverAs(delivery int) func(*Server, reply) reply {
	return func(_ *Server, r reply) reply {
		r.delivery = delivery
		return r
	}
}

// page replaces the reply by a page of HTML, as gateways send it.
func page(status int) func(*Server, reply) reply {
	return func(_ *Server, r reply) reply {
		p := htmlReply(status, http.StatusText(status))
		p.family, p.issued = r.family, r.issued
		return p
	}
}

// elsewhere is the target of the fault Redirect. A client that follows reveals there what it should
// have kept.
const elsewhere = "/elsewhere"

func sendElsewhere(s *Server, _ reply) reply {
	return htmlReply(http.StatusTemporaryRedirect, "Moved").with("Location", "http://"+s.host+elsewhere)
}

func otherMetadata(s *Server, r reply) reply {
	r.members["issuer"] = s.url + "/other"
	return r
}
