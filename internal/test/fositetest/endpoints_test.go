package fositetest

import (
	"encoding/json"
	"net/http"

	"github.com/ory/fosite/handler/openid"
)

// metadata serves the document of RFC 8414, which fosite leaves to its user.
func (s *server) metadata(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"issuer":                                s.url,
		"authorization_endpoint":                s.url + "/authorize",
		"token_endpoint":                        s.url + "/token",
		"revocation_endpoint":                   s.url + "/revoke",
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"response_types_supported":              []string{"code"},
		"grant_types_supported":                 []string{"authorization_code", "refresh_token"},
		"token_endpoint_auth_methods_supported": []string{"none"},
		"code_challenge_methods_supported":      []string{"S256"},
	})
}

func (s *server) authorize(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	req, err := s.provider.NewAuthorizeRequest(ctx, r)
	if err != nil {
		s.provider.WriteAuthorizeError(ctx, w, req, err)
		return
	}
	for _, scope := range req.GetRequestedScopes() {
		req.GrantScope(scope)
	}
	resp, err := s.provider.NewAuthorizeResponse(ctx, req, session())
	if err != nil {
		s.provider.WriteAuthorizeError(ctx, w, req, err)
		return
	}
	s.provider.WriteAuthorizeResponse(ctx, w, req, resp)
}

func (s *server) token(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	s.seen[r.PostFormValue("grant_type")]++
	req, err := s.provider.NewAccessRequest(ctx, r, new(openid.DefaultSession))
	if err != nil {
		s.provider.WriteAccessError(ctx, w, req, err)
		return
	}
	resp, err := s.provider.NewAccessResponse(ctx, req)
	if err != nil {
		s.provider.WriteAccessError(ctx, w, req, err)
		return
	}
	s.provider.WriteAccessResponse(ctx, w, req, resp)
}

func (s *server) revoke(w http.ResponseWriter, r *http.Request) {
	s.seen["revoke"]++
	s.provider.WriteRevocationResponse(r.Context(), w, s.provider.NewRevocationRequest(r.Context(), r))
}
