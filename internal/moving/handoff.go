package moving

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// HandOff returns an auth.json that gives Codex the access token and no refresh token. Codex uses
// the access token until it expires, and never refreshes. The document contains the token in plain
// text. now is its creation time.
func HandOff(c helper.Credential, now time.Time) ([]byte, error) {
	id, err := idToken(c)
	if err != nil {
		return nil, err
	}
	doc, err := json.MarshalIndent(map[string]any{
		"auth_mode":      modeHandOff,
		"OPENAI_API_KEY": nil,
		"tokens": map[string]string{
			"id_token": id, "access_token": c.AccessToken.Reveal(), "refresh_token": "", "account_id": c.Identity.AccountID,
		},
		"last_refresh": now.UTC().Format(time.RFC3339),
	}, "", "  ")
	return append(doc, '\n'), err
}

// idToken returns an unsigned JWT, because the original is not kept. Codex reads the token without
// verifying it. It contains only what Codex needs, and no personal data.
func idToken(c helper.Credential) (string, error) {
	auth := map[string]string{}
	for name, value := range map[string]string{
		"chatgpt_account_id": c.Identity.AccountID, "chatgpt_plan_type": c.Identity.Plan,
		"chatgpt_user_id": c.Identity.UserID,
	} {
		if value != "" {
			auth[name] = value
		}
	}
	claims, err := json.Marshal(map[string]any{"exp": c.Expiry.Unix(), "https://api.openai.com/auth": auth})
	if err != nil {
		return "", err
	}
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + part(claims) + "." + part([]byte("unsigned")), nil
}

// IsHandOff reports whether [HandOff] made the document, so that it can be replaced without loss.
func IsHandOff(doc []byte) bool {
	root, err := readObject(doc)
	if err != nil || root.has("OPENAI_API_KEY") {
		return false
	}
	mode, err := root.text("auth_mode")
	if err != nil || mode != modeHandOff {
		return false
	}
	tokens, _, err := root.child("tokens")
	return err == nil && !tokens.has("refresh_token") || err == nil && string(tokens.members["refresh_token"]) == `""`
}
