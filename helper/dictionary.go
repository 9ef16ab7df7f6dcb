package helper

// dictionary is the preset dictionary of compactV1: text that is common in credentials, the most frequent last.
// Decoding needs the same dictionary; a changed dictionary needs a new version byte.
const dictionary = `"refused":"https://auth.example.com/.well-known/oauth-authorization-server` +
	`"iss_required":true,"revocation_endpoint":"/token/revoke"/authorize"scope":"offline_access openid profile email` +
	`"amr":["pwd","otp","mfa"],"auth_time":"pwd_auth_time":"session_id":"authsess_","sl":true,"nbf":,"verified":"organizations":[{"id":"org-` +
	`","is_default":true,"role":"owner","title":"Personal"}],"groups":[],"chatgpt_account_user_id":"user-__","chatgpt_compute_residency":"no_constraint",` +
	`"chatgpt_subscription_active_start":"2026-","chatgpt_subscription_active_until":"2026-","localhost":true,"is_org_owner":true,"completed_platform_onboarding":` +
	`"prolite"pro"plus"team"business"enterprise"edu"free"google-oauth2|auth0|@gmail.com` +
	`{"alg":"RS256","kid":"","typ":"JWT"}{"aud":["https://api.openai.com/v1"],"client_id":"app_EMoamEEZ73f0CkXaXp7hrann","exp":179,` +
	`"https://api.openai.com/auth":{"chatgpt_account_id":"","chatgpt_plan_type":"plus","chatgpt_user_id":"user-","user_id":"user-"},` +
	`"https://api.openai.com/profile":{"email":"","email_verified":true},"iat":179,"iss":"https://auth.openai.com","jti":"",` +
	`"scp":["openid","profile","email","offline_access"],"sub":"` +
	`{"version":1,"access_token":"","expiry":"2026-","obtained_at":"2026-","generation":1,"scope":"openid profile email offline_access",` +
	`"identity":{"subject":"","account_id":"","user_id":"user-","plan":"plus","email":""},` +
	`"issuer":{"profile":"openai","url":"https://auth.openai.com","client_id":"app_EMoamEEZ73f0CkXaXp7hrann","scope":"openid profile email offline_access",` +
	`"redirect_uri":"http://127.0.0.1:1455/auth/callback","originator":"codex-cred","authorization_endpoint":"https://auth.openai.com/oauth/authorize",` +
	`"token_endpoint":"https://auth.openai.com/oauth/token","revocation_endpoint":"https://auth.openai.com/oauth/revoke"}}`
