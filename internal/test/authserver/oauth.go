package authserver

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// oauth is the dialect of a server that follows the RFCs.
func oauth(o Options) dialect {
	metadataPath := "/.well-known/oauth-authorization-server" + o.IssuerPath // RFC 8414 section 3.1
	if o.OpenIDMetadata {
		metadataPath = o.IssuerPath + "/.well-known/openid-configuration"
	}
	return dialect{
		routes: []route{
			{method: http.MethodGet, path: metadataPath, absolute: true, grant: always(GrantMetadata), serve: metadata},
			{method: http.MethodGet, path: "/authorize", grant: always(GrantAuthorize), serve: authorize},
			{method: http.MethodPost, path: "/token", grant: tokenGrant, serve: oauthToken},
			{method: http.MethodPost, path: "/revoke", grant: always(GrantRevoke), serve: oauthRevoke},
			{method: http.MethodPost, path: "/device_authorization", grant: always(GrantDevice), serve: oauthDevice},
			{method: http.MethodGet, path: oauthDevicePage, grant: always(GrantDevicePage), serve: devicePage},
			{method: http.MethodPost, path: oauthDevicePage, grant: always(GrantDevicePage), serve: devicePage},
		},
		redirectOK:    oauthRedirectOK,
		sendsIss:      true,
		access:        func(s *Server, _ *family) string { return s.tokens.draw("", 48+s.padding) },
		refreshPrefix: "",
		refuse:        oauthRefuse,
	}
}

// oauthDevicePage is where a person enters the code of a device flow.
const oauthDevicePage = "/device"

// metadata is that of RFC 8414 section 2, with the member of RFC 9207 section 3.
func metadata(s *Server, _ request) reply {
	members := map[string]any{
		"issuer":                                         s.url,
		"authorization_endpoint":                         s.url + "/authorize",
		"token_endpoint":                                 s.url + "/token",
		"revocation_endpoint":                            s.url + "/revoke",
		"response_types_supported":                       []string{"code"},
		"grant_types_supported":                          []string{"authorization_code", "refresh_token", grantDeviceCode},
		"code_challenge_methods_supported":               []string{"S256"},
		"token_endpoint_auth_methods_supported":          []string{"none"},
		"scopes_supported":                               []string{"openid", "profile", "email", "offline_access"},
		"authorization_response_iss_parameter_supported": true,
	}
	if !s.opts.NoDevice {
		members["device_authorization_endpoint"] = s.url + "/device_authorization"
	}
	return reply{status: http.StatusOK, members: members}
}

// oauthRedirectOK accepts any port and path of this computer (RFC 8252 section 7.3).
func oauthRedirectOK(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" || u.Fragment != "" || u.User != nil || u.Port() == "" {
		return false
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && addr.IsLoopback()
}

func oauthToken(s *Server, req request) reply {
	if req.encoding != encodedForm {
		return oauthRefuse(*invalidRequest("the body is not a form"))
	}
	switch req.grant {
	case GrantCode:
		return s.exchangeCode(req)
	case GrantRefresh:
		return s.rotate(req)
	case GrantDeviceToken:
		return s.oauthDeviceToken(req)
	}
	return oauthRefuse(unsupportedGrant())
}

func oauthRevoke(s *Server, req request) reply {
	if req.encoding != encodedForm {
		return oauthRefuse(*invalidRequest("the body is not a form"))
	}
	if bad := s.wrongClient(req); bad != nil {
		return oauthRefuse(*bad)
	}
	return s.revoke(req, reply{status: http.StatusOK})
}

// oauthRefuse is the error answer of RFC 6749 section 5.2, which has one code for every invalid
// refresh token.
func oauthRefuse(e refusal) reply {
	if strings.HasPrefix(e.code, "refresh_token_") {
		e.code, e.status = "invalid_grant", http.StatusBadRequest
	}
	return jsonReply(e.status, struct {
		Error       string `json:"error"`
		Description string `json:"error_description,omitempty"`
	}{e.code, e.message})
}
