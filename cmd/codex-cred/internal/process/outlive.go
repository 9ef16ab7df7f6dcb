package process

import "slices"

// jobVariables returns variables that are set in jobs whose processes are
// killed when the job ends.
func jobVariables() []string {
	return []string{
		"CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "TEAMCITY_VERSION", "TF_BUILD", "CODEBUILD_BUILD_ID",
		"KUBERNETES_SERVICE_HOST", "SLURM_JOB_ID", "container",
	}
}

// WorkerOutlives reports whether a worker certainly keeps running when the job
// that started this process ends. A worker that is killed after it has sent the
// refresh token loses the sign-in, so without certainty no worker is started
// for a refresh that can wait.
func (p *Process) WorkerOutlives() bool {
	return !slices.ContainsFunc(jobVariables(), p.On) && systemKeepsWorkers()
}
