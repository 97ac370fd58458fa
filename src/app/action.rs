//! What the user can do, in the user's verbs. Keys are bound to these in the keymap and nowhere else.

/// Something the user can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// One up.
    MoveUp,
    /// One down.
    MoveDown,
    /// One to the left.
    MoveLeft,
    /// One to the right.
    MoveRight,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// Half a page up.
    HalfPageUp,
    /// Half a page down.
    HalfPageDown,
    /// The first row.
    GoToTop,
    /// The last row.
    GoToBottom,
    /// The first column.
    GoToStart,
    /// The last column.
    GoToEnd,
    /// Between list and map.
    SwitchFocus,
    /// Into what is selected.
    Open,
    /// The page of the DaemonSet.
    OpenDaemonSet,
    /// The page of the node.
    OpenNode,
    /// The nodes behind a number.
    OpenCount,
    /// The object as the server has it.
    OpenYaml,
    /// The events.
    OpenEvents,
    /// The revisions.
    OpenHistory,
    /// What dsgrid changed.
    OpenJournal,
    /// Search in the screen.
    Search,
    /// The next match.
    NextMatch,
    /// The previous match.
    PreviousMatch,
    /// Wrap long lines or not.
    ToggleWrap,
    /// YAML with managedFields or without.
    ToggleManagedFields,
    /// Save to a file.
    Save,
    /// One step back.
    Back,
    /// Back, and out of the program at home.
    Leave,
    /// Out of the program.
    Quit,
    /// Suspend the program.
    Suspend,
    /// Type a filter.
    TypeFilter,
    /// Choose a namespace.
    PickNamespace,
    /// The next cause.
    NextCause,
    /// The previous cause.
    PreviousCause,
    /// What blocks the rollout of this row.
    GoToBlocker,
    /// Counters wide or narrow.
    ToggleCounters,
    /// Rows become columns.
    Transpose,
    /// Choose the grouping label.
    PickGroup,
    /// Another order.
    ChangeOrder,
    /// Map on or off.
    ToggleMap,
    /// Only what is affected.
    ToggleAffected,
    /// What is wrong, by cause; from there back to what is affected.
    OpenProblems,
    /// Take what fell as seen.
    Acknowledge,
    /// Mark what is selected, or take its mark away.
    Mark,
    /// Begin a range of marks, or mark it.
    MarkRange,
    /// Mark upwards.
    MarkUp,
    /// Mark downwards.
    MarkDown,
    /// Mark to the left.
    MarkLeft,
    /// Mark to the right.
    MarkRight,
    /// Copy what is selected.
    Copy,
    /// Receive everything anew.
    Refresh,
    /// Every key.
    Help,
    /// Keep the filter as typed.
    KeepFilter,
    /// Drop the filter.
    ClearFilter,
    /// Remove the last character.
    EraseCharacter,
    /// Remove the last word.
    EraseWord,
    /// Remove the whole line.
    EraseLine,
    /// Take the chosen entry.
    Choose,
    /// The logs of what is in question.
    OpenLogs,
    /// The logs of the run before; again: of the present run.
    PreviousLogs,
    /// The newest line stays in sight, or not.
    ToggleFollow,
    /// Lines begin with their times, or not.
    ToggleTimes,
    /// So far back; by the number of the preset.
    ReadSince(u8),
    /// JSON lines are folded, spread, or as they came.
    CycleJson,
    /// Only what matches is shown, with the lines around it.
    ToggleOnlyMatches,
    /// More lines around each match.
    MoreContext,
    /// Fewer lines around each match.
    LessContext,
    /// Mark the line, or take the mark away.
    MarkLine,
    /// Nothing but the lines on the screen.
    ToggleFullScreen,
    /// Choose the container.
    PickContainer,
    /// How containers ended, node by node; there: beside a healthy node.
    CompareEndings,
    /// Stop the rollout where it is.
    PauseRollout,
    /// Let a paused rollout go on.
    ResumeRollout,
    /// Replace all pods by a rollout.
    RestartRollout,
    /// Go back to an earlier revision.
    UndoRollout,
    /// Change the limits of the rollout.
    ThrottleRollout,
    /// Delete a pod that is stuck on a dead node.
    ForceDeletePod,
    /// Replace outdated pods node by node, under gates.
    ReplacePods,
    /// The replacement that goes on.
    OpenReplacement,
    /// Hold what this dsgrid does.
    Hold,
    /// Let what is held or halted go on.
    GoOn,
    /// Let a neighbour pass that is worse off.
    LetPass,
    /// End the replacement.
    Abort,
    /// Every action for what is selected.
    OpenMenu,
    /// Every action and screen by name.
    OpenPalette,
    /// Send what the dialog shows.
    Confirm,
    /// Take what was typed.
    Submit,
    /// Read afresh and try once more.
    TryAgain,
    /// The next value to type.
    NextField,
    /// Edit labels and taints of nodes.
    EditNodes,
    /// Make nodes unschedulable.
    CordonNodes,
    /// Make nodes schedulable again.
    UncordonNodes,
    /// Change the line.
    EditLine,
    /// Add a label.
    AddLabel,
    /// Add a taint.
    AddTaint,
    /// Remove what the line is about.
    RemoveLine,
    /// Drop what was to change on the line.
    RestoreLine,
    /// On to what would be sent.
    Review,
    /// The next completion.
    Complete,
    /// The completion before.
    CompleteBack,
    /// Show what takes back what was done.
    TakeBack,
    /// Mark all of the group.
    MarkGroup,
    /// Mark all that is shown.
    MarkShown,
}

impl Action {
    /// Whether it only moves a cursor or a view.
    #[must_use]
    pub fn is_motion(self) -> bool {
        matches!(
            self,
            Self::MoveUp
                | Self::MoveDown
                | Self::MoveLeft
                | Self::MoveRight
                | Self::PageUp
                | Self::PageDown
                | Self::HalfPageUp
                | Self::HalfPageDown
                | Self::GoToTop
                | Self::GoToBottom
                | Self::GoToStart
                | Self::GoToEnd
        )
    }

    /// By how many lines it moves up (negative) or down in a list of which so many are visible; none for anything else.
    /// A page keeps a line in sight.
    #[must_use]
    pub fn lines(self, visible: usize) -> Option<isize> {
        let page = isize::try_from(visible.saturating_sub(1).max(1)).unwrap_or(1);
        Some(match self {
            Self::MoveUp => -1,
            Self::MoveDown => 1,
            Self::PageUp => -page,
            Self::PageDown => page,
            Self::HalfPageUp => -(page / 2).max(1),
            Self::HalfPageDown => (page / 2).max(1),
            Self::GoToTop => isize::MIN / 2,
            Self::GoToBottom => isize::MAX / 2,
            _ => return None,
        })
    }

    /// All of them, for the test that each is bound.
    pub const ALL: [Self; 103] = [
        Self::MoveUp,
        Self::MoveDown,
        Self::MoveLeft,
        Self::MoveRight,
        Self::PageUp,
        Self::PageDown,
        Self::HalfPageUp,
        Self::HalfPageDown,
        Self::GoToTop,
        Self::GoToBottom,
        Self::GoToStart,
        Self::GoToEnd,
        Self::SwitchFocus,
        Self::Open,
        Self::OpenDaemonSet,
        Self::OpenNode,
        Self::OpenCount,
        Self::OpenYaml,
        Self::OpenEvents,
        Self::OpenHistory,
        Self::OpenJournal,
        Self::Search,
        Self::NextMatch,
        Self::PreviousMatch,
        Self::ToggleWrap,
        Self::ToggleManagedFields,
        Self::Save,
        Self::Back,
        Self::Leave,
        Self::Quit,
        Self::Suspend,
        Self::TypeFilter,
        Self::PickNamespace,
        Self::NextCause,
        Self::PreviousCause,
        Self::GoToBlocker,
        Self::ToggleCounters,
        Self::Transpose,
        Self::PickGroup,
        Self::ChangeOrder,
        Self::ToggleMap,
        Self::ToggleAffected,
        Self::OpenProblems,
        Self::Acknowledge,
        Self::Mark,
        Self::MarkRange,
        Self::MarkUp,
        Self::MarkDown,
        Self::MarkLeft,
        Self::MarkRight,
        Self::Copy,
        Self::Refresh,
        Self::Help,
        Self::KeepFilter,
        Self::ClearFilter,
        Self::EraseCharacter,
        Self::EraseWord,
        Self::EraseLine,
        Self::Choose,
        Self::OpenLogs,
        Self::PreviousLogs,
        Self::ToggleFollow,
        Self::ToggleTimes,
        Self::CycleJson,
        Self::ToggleOnlyMatches,
        Self::MoreContext,
        Self::LessContext,
        Self::MarkLine,
        Self::ToggleFullScreen,
        Self::PickContainer,
        Self::CompareEndings,
        Self::PauseRollout,
        Self::ResumeRollout,
        Self::RestartRollout,
        Self::UndoRollout,
        Self::ThrottleRollout,
        Self::ForceDeletePod,
        Self::ReplacePods,
        Self::OpenReplacement,
        Self::Hold,
        Self::GoOn,
        Self::LetPass,
        Self::Abort,
        Self::OpenMenu,
        Self::OpenPalette,
        Self::Confirm,
        Self::Submit,
        Self::TryAgain,
        Self::NextField,
        Self::EditNodes,
        Self::CordonNodes,
        Self::UncordonNodes,
        Self::EditLine,
        Self::AddLabel,
        Self::AddTaint,
        Self::RemoveLine,
        Self::RestoreLine,
        Self::Review,
        Self::Complete,
        Self::CompleteBack,
        Self::TakeBack,
        Self::MarkGroup,
        Self::MarkShown,
    ];
}
