package process

import "slices"

// jobVariables are set where a job runs whose processes are killed when it ends.
func jobVariables() []string {
	return []string{
		"CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "TEAMCITY_VERSION", "TF_BUILD", "CODEBUILD_BUILD_ID",
		"KUBERNETES_SERVICE_HOST", "SLURM_JOB_ID", "container",
	}
}

// WorkerOutlives reports whether it is certain that a worker goes on when what
// started this process ends. A worker that is killed after it has sent the refresh
// token loses the sign-in, so where it is not certain nobody starts one for a
// refresh that can wait.
func (p *Process) WorkerOutlives() bool {
	return !slices.ContainsFunc(jobVariables(), p.On) && systemKeepsWorkers()
}
