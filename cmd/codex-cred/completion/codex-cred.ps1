# Completion of codex-cred for PowerShell, 5.1 and later.

Register-ArgumentCompleter -Native -CommandName 'codex-cred', 'codex-cred.exe' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $program = Get-Command -Name codex-cred -CommandType Application -ErrorAction SilentlyContinue |
        Select-Object -First 1
    if (-not $program) { return }

    # An empty argument would be dropped on the way, so that a flag stands for it.
    $line = @('__complete')
    if ($wordToComplete -eq '') { $line += '--new-word' }
    $line += '--'
    foreach ($element in @($commandAst.CommandElements | Select-Object -Skip 1)) {
        if ($element.Extent.EndOffset -ge $cursorPosition) { break }
        if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) {
            $line += $element.Value
        } else {
            $line += $element.Extent.Text
        }
    }
    if ($wordToComplete -ne '') { $line += $wordToComplete }

    # Without an answer PowerShell offers files.
    & $program.Source @line 2>$null | Select-Object -Skip 1 | ForEach-Object {
        $word, $about = $_ -split "`t", 2
        if (-not $about) { $about = $word }
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $about)
    }
}
