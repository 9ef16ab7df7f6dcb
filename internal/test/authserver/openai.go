package authserver

import (
	"net/http"
	"net/url"
	"slices"
)

// openai is the dialect of OpenAI's authorization server as Codex speaks it.
func openai(o Options) dialect {
	return dialect{
		routes: []route{
			{method: http.MethodGet, path: "/oauth/authorize", grant: always(GrantAuthorize), serve: authorize},
			{method: http.MethodPost, path: "/oauth/token", grant: tokenGrant, serve: openaiToken},
			{method: http.MethodPost, path: "/oauth/revoke", grant: always(GrantRevoke), serve: openaiRevoke},
			{method: http.MethodPost, path: "/api/accounts/deviceauth/usercode", grant: always(GrantDevice), serve: openaiDevice},
			{method: http.MethodPost, path: "/api/accounts/deviceauth/token", grant: always(GrantDeviceToken), serve: openaiDeviceToken},
			{method: http.MethodGet, path: openaiDevicePage, grant: always(GrantDevicePage), serve: devicePage},
			{method: http.MethodPost, path: openaiDevicePage, grant: always(GrantDevicePage), serve: devicePage},
		},
		redirectOK:    func(uri string) bool { return openaiRedirectOK(uri, o.AnyLoopbackPort) },
		access:        func(s *Server, f *family) string { return s.tokens.sign(s.accessClaims(f)) },
		refreshPrefix: "rt_",
		refuse:        openaiRefuse,
	}
}

// openaiDevicePage is where a person enters the code of a device flow.
const openaiDevicePage = "/codex/device"

// openaiRedirectOK accepts the redirect URIs registered for Codex's client: two ports of one path
// on this computer, under either name.
func openaiRedirectOK(uri string, anyPort bool) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" || u.Path != "/auth/callback" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return false
	}
	host := u.Hostname()
	port := u.Port()
	return (host == "127.0.0.1" || host == "localhost") &&
		(port == "1455" || port == "1457" || anyPort && port != "")
}

func openaiToken(s *Server, req request) reply {
	encodings := map[string][]string{
		GrantCode:    {encodedForm},
		GrantRefresh: {encodedJSON, encodedForm},
	}
	if want, ok := encodings[req.grant]; !ok {
		return openaiRefuse(unsupportedGrant())
	} else if !slices.Contains(want, req.encoding) {
		return openaiRefuse(*invalidRequest("Unsupported content type."))
	}
	if req.grant == GrantCode {
		return s.exchangeCode(req)
	}
	return s.rotate(req)
}

func openaiRevoke(s *Server, req request) reply {
	if req.encoding != encodedJSON {
		return openaiRefuse(*invalidRequest("Unsupported content type."))
	}
	// Codex sends no client_id with an access token.
	if req.get("token_type_hint") != "access_token" {
		if bad := s.wrongClient(req); bad != nil {
			return openaiRefuse(*bad)
		}
	}
	return s.revoke(req, jsonReply(http.StatusOK, struct{}{}))
}

// An openaiError has its members in OpenAI's order.
type openaiError struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    string  `json:"code"`
}

func openaiRefuse(e refusal) reply {
	return jsonReply(e.status, struct {
		Error openaiError `json:"error"`
	}{openaiError{Message: e.message, Type: "invalid_request_error", Code: e.code}})
}

// refreshRefusal returns OpenAI's refusal of a refresh token with the code.
func refreshRefusal(code string) refusal {
	messages := map[string]string{
		RefreshTokenExpired:     "Your refresh token has expired. Please try signing in again.",
		RefreshTokenReused:      "Your refresh token has already been used to generate a new access token. Please try signing in again.",
		RefreshTokenInvalidated: "Your refresh token has been invalidated. Please try signing in again.",
		TokenExpired:            "Could not validate your token. Please try signing in again.",
		AppSessionTerminated:    "Your session has ended. Please try signing in again.",
	}
	e := refusal{code: code, message: messages[code], status: http.StatusUnauthorized}
	if code == AppSessionTerminated {
		e.status = http.StatusBadRequest
	}
	return e
}
