// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {IEscrow, JobId, Status, Terms} from "../escrow/IEscrow.sol";
import {IUsdc} from "../escrow/IUsdc.sol";
import {CaseAmounts} from "./CaseAmounts.sol";
import {
    Case,
    CommitWord,
    Commitment,
    IArbitrationPool,
    Lottery,
    Opening,
    Phase,
    Randomness,
    Seat,
    Vote,
    Windows
} from "./IArbitrationPool.sol";
import {JurorStakes} from "./JurorStakes.sol";
import {Panel, PanelHead} from "./Panel.sol";
import {PoolAccounts} from "./PoolAccounts.sol";

/// @title ArbitrationPool
/// @notice See `IArbitrationPool` for the promise, the assumptions and the warnings.
contract ArbitrationPool is JurorStakes, Multicall {
    uint256 public constant LAST_ROUND = 2;
    uint256 public constant MAX_REDRAWS = 2;

    uint256 private constant BPS = 10_000;
    /// The 15 words of `Terms` in calldata.
    uint256 private constant TERMS_BYTES = 15 * 32;
    uint256 private constant MAX_WINDOW = 2 days;
    /// A day before the escrow splits a dispute that nobody ruled.
    uint256 private constant MAX_CASE = 29 days;

    uint256 private constant ANSWERING = 1 << uint8(Phase.Answering);
    uint256 private constant WAITING = 1 << uint8(Phase.Waiting);
    uint256 private constant DRAWING = 1 << uint8(Phase.Drawing);
    uint256 private constant COMMITTING = 1 << uint8(Phase.Committing);
    uint256 private constant REVEALING = 1 << uint8(Phase.Revealing);
    uint256 private constant APPEALING = 1 << uint8(Phase.Appealing);
    uint256 private constant UNDECIDED = 1 << uint8(Phase.Undecided);
    uint256 private constant RUNNING = ANSWERING | WAITING | DRAWING | COMMITTING | REVEALING | APPEALING | UNDECIDED;

    IEscrow public immutable ESCROW;
    uint256 public immutable EVIDENCE_WINDOW;
    uint256 public immutable COMMIT_WINDOW;
    uint256 public immutable REVEAL_WINDOW;
    uint256 public immutable APPEAL_WINDOW;

    mapping(JobId id => Case) private _cases;
    mapping(JobId id => mapping(uint256 index => Panel)) private _panels;
    /// Hashes of the commitments of a case's present panel, chained in their order.
    mapping(JobId id => bytes32) private _commitments;
    uint256 private _burned;

    constructor(
        IEscrow escrow,
        uint256 minStake,
        Windows memory windows,
        Randomness memory randomness
    ) PoolAccounts(IUsdc(address(escrow.USDC()))) JurorStakes(minStake, _longestCase(windows) + 1 days, randomness) {
        _requireInRange("minStake", minStake, CaseAmounts.MIN_BOND, type(uint32).max);
        _requireInRange("evidence window", windows.evidence, 1, MAX_WINDOW);
        _requireInRange("commit window", windows.commit, 1, MAX_WINDOW);
        _requireInRange("reveal window", windows.reveal, 1, MAX_WINDOW);
        _requireInRange("appeal window", windows.appeal, 1, MAX_WINDOW);
        _requireInRange("longest case", _longestCase(windows), 1, MAX_CASE);
        ESCROW = escrow;
        EVIDENCE_WINDOW = windows.evidence;
        COMMIT_WINDOW = windows.commit;
        REVEAL_WINDOW = windows.reveal;
        APPEAL_WINDOW = windows.appeal;
    }

    // From the dispute to a panel

    /// @notice Takes the disputant's bond from its balance, and the other side's if it has a standing answer.
    function open(JobId id, Terms calldata terms, address worker, address disputant, bytes calldata) external {
        if (msg.sender != address(ESCROW)) revert SenderNotAllowed(msg.sender, address(ESCROW));
        uint256 max = maxReward();
        if (terms.reward > max) revert RewardAboveCap(terms.reward, max);

        bool byClient = disputant == terms.client;
        Case storage current = _cases[id];
        current.worker = worker;
        current.standing = byClient ? Vote.Worker : Vote.Client;
        uint256 bond = CaseAmounts.bondOf(terms.reward);
        uint256 until = block.timestamp + EVIDENCE_WINDOW;
        address respondent = byClient ? worker : terms.client;
        emit Opened(id, disputant, respondent, bond, until);
        _debit(disputant, bond);
        _askForAnswer(id, current, respondent, bond, until);
    }

    /// @inheritdoc IArbitrationPool
    function addEvidence(
        Terms calldata terms,
        address by,
        bytes32 evidenceHash,
        uint256 validUntil,
        bytes calldata signature
    ) external {
        JobId id = _idOf(terms);
        Case storage current = _requirePhase(id, ANSWERING | WAITING);
        _requireNotAfter(id, current.until);
        if (by != terms.client && by != current.worker) revert SenderNotAllowed(by, current.worker);
        _requireAddEvidence(id, by, evidenceHash, validUntil, signature);
        emit EvidenceAdded(id, by, evidenceHash);
    }

    /// @inheritdoc IArbitrationPool
    function answer(Terms calldata terms, address by, uint256 validUntil, bytes calldata signature) external {
        JobId id = _idOf(terms);
        Case storage current = _requirePhase(id, ANSWERING);
        _requireNotAfter(id, current.until);
        address respondent = _partyOf(terms, current, current.standing);
        if (by != respondent) revert SenderNotAllowed(by, respondent);
        uint256 round = _roundAsked(current);
        _requireAnswer(id, by, round, validUntil, signature);
        _answer(id, current, by, CaseAmounts.bondOf(terms.reward) << round);
    }

    /// @inheritdoc IArbitrationPool
    function requestDraw(JobId[] calldata ids) external {
        Lottery memory next = _nextLottery();
        bool changed = false;
        for (uint256 i = 0; i < ids.length; ++i) {
            if (_joinDraw(ids[i], next)) changed = true;
        }
        if (!changed) revert NothingToDraw(block.timestamp);
        if (next.undrawn > 0) _beginLottery(next);
    }

    /// @inheritdoc IArbitrationPool
    function draw(Terms calldata terms) external {
        JobId id = _idOf(terms);
        Case storage current = _requirePhase(id, DRAWING);
        _requireNotAfter(id, current.until);
        uint256 seats = CaseAmounts.seatsOf(current.round);
        uint256 risk = CaseAmounts.bondOf(terms.reward);
        uint256 index = current.panels;
        (uint256[] memory positions, address[] memory jurors) = _select(
            id,
            index,
            seats,
            risk,
            [terms.client, current.worker, terms.verifier]
        );
        if (jurors.length == 0) {
            // An appeal that the jurors are too few for must not undo what a panel decided.
            _redraw(id, current, current.round == 0 ? Phase.Undecided : Phase.Appealing);
        } else {
            _panels[id][index].store(positions);
            current.panels = uint8(index + 1);
            _move(current, Phase.Committing, block.timestamp + COMMIT_WINDOW);
            emit Drawn(id, index, jurors, current.until);
        }
    }

    // The vote

    /// @inheritdoc IArbitrationPool
    function commit(JobId id, CommitWord[] calldata words) external {
        Case storage current = _requirePhase(id, COMMITTING);
        _requireNotAfter(id, current.until);
        uint256 index = current.panels - 1;
        PanelHead head = _panels[id][index].head;
        bytes32 chained = _commitments[id];
        for (uint256 i = 0; i < words.length; ++i) {
            _requireCommitment(id, index, head, words[i]);
            head = head.withCommitted(words[i].seat);
            chained = _chain(chained, words[i].seat, words[i].commitment);
        }
        _panels[id][index].head = head;
        _commitments[id] = chained;
        if (head.committedCount() == head.size()) {
            _move(current, Phase.Revealing, block.timestamp + REVEAL_WINDOW);
        }
    }

    /// @inheritdoc IArbitrationPool
    function reveal(JobId id, Commitment[] calldata commitments, Opening[] calldata openings) external {
        Case storage current = _requirePhase(id, COMMITTING | REVEALING);
        if (current.phase == Phase.Committing) _requireAfter(id, current.until);
        _requireNotAfter(id, _revealUntil(current));
        _requireCommitments(id, commitments);
        uint256 index = current.panels - 1;
        Panel storage panel = _panels[id][index];
        PanelHead head = panel.head;
        for (uint256 i = 0; i < openings.length; ++i) {
            Opening calldata opening = openings[i];
            _requireOpening(id, index, head, commitments, opening);
            head = head.withVote(opening.seat, Vote(opening.vote));
            emit Revealed(id, index, opening.seat, Vote(opening.vote));
        }
        panel.head = head;
        if (head.revealedCount() == head.committedCount()) {
            _tally(id, current, head);
        }
    }

    /// @inheritdoc IArbitrationPool
    function denounce(
        Terms calldata terms,
        Commitment[] calldata commitments,
        Opening calldata opening,
        address denouncer
    ) external {
        JobId id = _idOf(terms);
        Case storage current = _requirePhase(id, COMMITTING);
        _requireNotAfter(id, current.until);
        _requireCommitments(id, commitments);
        uint256 index = current.panels - 1;
        PanelHead head = _panels[id][index].head;
        _requireOpening(id, index, head, commitments, opening);
        _panels[id][index].head = head.withDenounced(opening.seat);
        // The rest of what it risked is taken when the case ends, as from one who sleeps.
        uint256 reward = CaseAmounts.quarterOf(CaseAmounts.bondOf(terms.reward));
        address juror = _unlock(_panels[id][index].positionOf(head, opening.seat), reward, reward, 0);
        emit Denounced(id, index, juror, opening.seat, denouncer);
        emit Slashed(id, juror, reward);
        emit Rewarded(id, denouncer, reward);
        _credit(denouncer, reward);
    }

    /// @inheritdoc IArbitrationPool
    function tally(JobId id) external {
        Case storage current = _requirePhase(id, COMMITTING | REVEALING);
        PanelHead head = _panels[id][current.panels - 1].head;
        // Where nobody has committed there is nothing to wait for.
        _requireAfter(id, head.committedCount() == 0 ? current.until : _revealUntil(current));
        _tally(id, current, head);
    }

    // After the vote

    /// @inheritdoc IArbitrationPool
    function appeal(Terms calldata terms, address by, uint256 validUntil, bytes calldata signature) external {
        JobId id = _idOf(terms);
        Case storage current = _requirePhase(id, APPEALING);
        if (current.round == LAST_ROUND) revert NoFurtherAppeal(id, current.round);
        _requireNotAfter(id, current.until);
        address loser = _partyOf(terms, current, _opposite(current.standing));
        if (by != loser) revert SenderNotAllowed(by, loser);
        uint256 round = current.round + 1;
        _requireAppeal(id, by, round, validUntil, signature);

        uint256 bond = CaseAmounts.bondOf(terms.reward) << round;
        uint256 until = block.timestamp + APPEAL_WINDOW;
        emit Appealed(id, by, round, bond, until);
        _debit(by, bond);
        _askForAnswer(id, current, _partyOf(terms, current, current.standing), bond, until);
    }

    /// @inheritdoc IArbitrationPool
    function rule(Terms calldata terms) external {
        JobId id = _idOf(terms);
        Case storage current = _requirePhase(id, RUNNING);
        bool disputed = ESCROW.job(id).status == Status.Disputed;
        Vote winner = disputed ? _requireWinner(id, current) : Vote.None;
        uint256 bond = CaseAmounts.bondOf(terms.reward);
        (uint256 fees, uint256 burnedHere) = _settlePanels(id, current, bond);
        if (burnedHere > 0) _burned += burnedHere;
        _settleBonds(terms, current, winner, bond, fees);
        delete _cases[id];
        uint256 share =
            winner == Vote.Client
                ? 0
                : winner == Vote.Worker
                    ? BPS
                    : terms.backstopShareBps;
        emit Ruled(id, winner, share, fees, burnedHere);
        if (disputed) ESCROW.rule(terms, share);
    }

    // Views

    /// @inheritdoc IArbitrationPool
    function maxReward() public view returns (uint256) {
        return CaseAmounts.maxRewardOf(MIN_STAKE);
    }

    /// @inheritdoc IArbitrationPool
    function longestCase() external view returns (uint256) {
        return EXIT_DELAY - 1 days;
    }

    /// @inheritdoc IArbitrationPool
    function commitmentOf(
        JobId id,
        uint256 panel,
        uint256 seat,
        uint256 vote,
        bytes32 salt
    ) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), id, panel, seat, vote, salt));
    }

    /// @inheritdoc IArbitrationPool
    function caseOf(JobId id) external view returns (Case memory) {
        return _cases[id];
    }

    /// @inheritdoc IArbitrationPool
    function panelOf(JobId id, uint256 index) external view returns (Seat[] memory seats) {
        PanelHead head = _panels[id][index].head;
        seats = new Seat[](head.size());
        for (uint256 i = 0; i < seats.length; ++i) {
            address juror = _accountAt(_panels[id][index].positionOf(head, i));
            seats[i] = Seat(juror, head.voteOf(i), head.hasCommitted(i), head.isDenounced(i));
        }
    }

    /// @inheritdoc IArbitrationPool
    function burned() external view returns (uint256) {
        return _burned;
    }

    /// @inheritdoc IArbitrationPool
    function bondOf(uint256 reward) external pure returns (uint256) {
        return CaseAmounts.bondOf(reward);
    }

    // Checks

    /// @dev `IEscrow.jobId`. The terms are the first parameter of every function that has them.
    function _idOf(Terms calldata) private view returns (JobId) {
        bytes calldata encodedTerms = msg.data[4:4 + TERMS_BYTES];
        return
            JobId.wrap(
                keccak256(
                    bytes.concat(bytes32(block.chainid), bytes32(uint256(uint160(address(ESCROW)))), encodedTerms)
                )
            );
    }

    function _requirePhase(JobId id, uint256 allowedBitmap) private view returns (Case storage current) {
        current = _cases[id];
        if ((allowedBitmap >> uint8(current.phase)) & 1 == 0) revert WrongPhase(id, current.phase, allowedBitmap);
    }

    function _requireAfter(JobId id, uint256 until) private view {
        if (block.timestamp <= until) revert TooEarly(id, block.timestamp, until + 1);
    }

    function _requireNotAfter(JobId id, uint256 until) private view {
        if (block.timestamp > until) revert TooLate(id, block.timestamp, until);
    }

    function _requireInRange(string memory parameter, uint256 actual, uint256 min, uint256 max) private pure {
        if (actual < min || actual > max) revert ParameterOutOfRange(parameter, actual, min, max);
    }

    function _requireSeat(JobId id, PanelHead head, uint256 seat) private pure {
        uint256 max = head.size() - 1;
        if (seat > max) revert SeatOutOfRange(id, seat, max);
    }

    function _requireCommitment(JobId id, uint256 index, PanelHead head, CommitWord calldata word) private {
        _requireSeat(id, head, word.seat);
        if (head.hasCommitted(word.seat)) revert AlreadyCommitted(id, word.seat);
        address juror = _accountAt(_panels[id][index].positionOf(head, word.seat));
        _requireCommit(id, index, juror, word);
        emit Committed(id, index, juror, word.seat, word.commitment);
    }

    /// @dev All of the panel's commitments, so that one slot holds what would else take one a juror.
    function _requireCommitments(JobId id, Commitment[] calldata commitments) private view {
        bytes32 chained = 0;
        for (uint256 i = 0; i < commitments.length; ++i) {
            chained = _chain(chained, commitments[i].seat, commitments[i].commitment);
        }
        if (chained != _commitments[id]) revert CommitmentsUnknown(id, chained, _commitments[id]);
    }

    /// @dev That a seat's commitment hid just this vote, and may still be opened.
    function _requireOpening(
        JobId id,
        uint256 index,
        PanelHead head,
        Commitment[] calldata commitments,
        Opening calldata opening
    ) private view {
        uint256 seat = opening.seat;
        _requireSeat(id, head, seat);
        if (opening.vote < uint256(Vote.Client) || opening.vote > uint256(Vote.Unclear)) {
            revert VoteOutOfRange(opening.vote, uint256(Vote.Client), uint256(Vote.Unclear));
        }
        if (!head.hasCommitted(seat)) revert NotCommitted(id, seat);
        if (head.isDenounced(seat)) revert AlreadyDenounced(id, seat);
        if (head.voteOf(seat) != Vote.None) revert AlreadyRevealed(id, seat);
        bytes32 actual = commitmentOf(id, index, seat, opening.vote, opening.salt);
        bytes32 expected = _commitmentOfSeat(commitments, seat);
        if (actual != expected) revert OpeningInvalid(id, seat, actual, expected);
    }

    function _requireWinner(JobId id, Case storage current) private view returns (Vote) {
        if (current.phase == Phase.Undecided) return Vote.None;
        bool unanswered = current.phase == Phase.Answering;
        if (!unanswered && current.phase != Phase.Appealing) {
            revert WrongPhase(id, current.phase, ANSWERING | APPEALING | UNDECIDED);
        }
        _requireAfter(id, current.until);
        return unanswered ? _opposite(current.standing) : current.standing;
    }

    // Moves of a case.

    function _move(Case storage current, Phase phase, uint256 until) private {
        current.phase = phase;
        current.until = uint40(until);
    }

    function _askForAnswer(JobId id, Case storage current, address respondent, uint256 bond, uint256 until) private {
        _move(current, Phase.Answering, until);
        if (standingAnswer(respondent) && balance(respondent) >= bond) _answer(id, current, respondent, bond);
    }

    function _answer(JobId id, Case storage current, address by, uint256 bond) private {
        uint256 round = _roundAsked(current);
        emit Answered(id, by, round, bond);
        _debit(by, bond);
        // The first round keeps its evidence window; an appeal was open for evidence until now.
        _move(current, Phase.Waiting, round == 0 ? current.until : block.timestamp);
        current.round = uint8(round);
    }

    /// @return Whether the case was due, and so changed.
    function _joinDraw(JobId id, Lottery memory next) private returns (bool) {
        Case storage current = _cases[id];
        bool due = current.phase == Phase.Waiting || current.phase == Phase.Drawing;
        if (!due || block.timestamp <= current.until) return false;
        // A draw that chose no panel in its time has failed.
        if (current.phase == Phase.Drawing) _redraw(id, current, Phase.Undecided);
        if (current.phase == Phase.Waiting) {
            _move(current, Phase.Drawing, next.until);
            ++next.undrawn;
            emit DrawRequested(id, next.drawId, next.until);
        }
        return true;
    }

    /// @param end Where a case goes that may not be drawn again.
    function _redraw(JobId id, Case storage current, Phase end) private {
        bool again = current.redraws < MAX_REDRAWS;
        if (again) ++current.redraws;
        // A second ago: nothing is left to wait for.
        _move(current, again ? Phase.Waiting : end, block.timestamp - 1);
        emit Redrawn(id, current.redraws, current.phase);
    }

    function _tally(JobId id, Case storage current, PanelHead head) private {
        delete _commitments[id];
        Vote outcome = head.outcome();
        if (outcome == Vote.None) {
            emit Tallied(id, current.panels - 1, outcome, block.timestamp - 1);
            _redraw(id, current, Phase.Undecided);
            return;
        }
        current.standing = outcome;
        // The last panel's word can't be appealed, so there is nothing to wait for.
        bool last = current.round == LAST_ROUND;
        _move(current, Phase.Appealing, last ? block.timestamp - 1 : block.timestamp + APPEAL_WINDOW);
        emit Tallied(id, current.panels - 1, outcome, current.until);
    }

    // The money of a case that ends

    /// @dev What jurors win and lose is measured by the last panel that decided, not by who won for want of an answer.
    function _settlePanels(
        JobId id,
        Case storage current,
        uint256 bond
    ) private returns (uint256 fees, uint256 burnedHere) {
        Vote decided = Vote.None;
        bool voting = current.phase == Phase.Committing || current.phase == Phase.Revealing;
        for (uint256 index = current.panels; index > 0; --index) {
            PanelHead head = _panels[id][index - 1].head;
            // The escrow has split the money while this panel was at work: it has decided nothing, and done nothing wrong.
            bool spared = voting && index == current.panels;
            Vote outcome = spared ? Vote.None : head.outcome();
            if (decided == Vote.None) decided = outcome;
            (uint256 panelFees, uint256 panelBurned) = _settlePanel(
                id,
                index - 1,
                head,
                outcome == Vote.None ? outcome : decided,
                spared ? 0 : bond,
                bond
            );
            fees += panelFees;
            burnedHere += panelBurned;
        }
    }

    /// @param decided The vote that wins; `None`: this panel came to no decision, and whoever revealed shares what the
    /// others lose.
    /// @param atStake The bond by which is slashed; zero: nobody is.
    function _settlePanel(
        JobId id,
        uint256 index,
        PanelHead head,
        Vote decided,
        uint256 atStake,
        uint256 bond
    ) private returns (uint256 fees, uint256 burnedHere) {
        uint256 winners = 0;
        uint256 slashed = 0;
        for (uint256 seat = 0; seat < head.size(); ++seat) {
            slashed += _slashOf(head, seat, decided, atStake);
            if (CaseAmounts.wins(head.voteOf(seat), decided)) ++winners;
        }
        uint256 share = CaseAmounts.shareOf(slashed, winners);
        uint256 fee = decided == Vote.None ? 0 : CaseAmounts.quarterOf(bond);
        for (uint256 seat = 0; seat < head.size(); ++seat) {
            uint256 position = _panels[id][index].positionOf(head, seat);
            uint256 slash = _slashOf(head, seat, decided, atStake);
            uint256 reward = CaseAmounts.wins(head.voteOf(seat), decided) ? share + fee : 0;
            address juror = _unlock(position, CaseAmounts.riskOf(bond, head.isDenounced(seat)), slash, reward);
            if (slash > 0) emit Slashed(id, juror, slash);
            if (reward > 0) emit Rewarded(id, juror, reward);
        }
        _panels[id][index].head = PanelHead.wrap(0);
        return (fee * winners, slashed - share * winners);
    }

    /// @dev The loser's bonds pay the jurors, what is left of them the winner. Without one, both pay the half.
    function _settleBonds(Terms calldata terms, Case storage current, Vote winner, uint256 bond, uint256 fees) private {
        bool unanswered = current.phase == Phase.Answering;
        uint256 round = _roundAsked(current);
        // What both have put up, and what one has for a round that the other did not answer.
        uint256 each = unanswered && round == 0 ? 0 : CaseAmounts.bondsUntil(bond, current.round);
        uint256 more = unanswered ? bond << round : 0;
        Vote challenger = _opposite(current.standing);
        if (winner == Vote.None) {
            (uint256 client, uint256 worker) = CaseAmounts.halvesOf(each, fees);
            _credit(terms.client, client);
            _credit(current.worker, worker);
            _credit(_partyOf(terms, current, challenger), more);
        } else {
            _credit(_partyOf(terms, current, winner), CaseAmounts.winningsOf(each, more, fees));
        }
    }

    // What things are worth and who is who

    function _slashOf(PanelHead head, uint256 seat, Vote decided, uint256 bond) private pure returns (uint256) {
        Vote vote = head.voteOf(seat);
        if (vote == Vote.None) return CaseAmounts.riskOf(bond, head.isDenounced(seat));
        return CaseAmounts.slashOf(bond, vote, decided);
    }

    /// @dev The round that an answer funds.
    function _roundAsked(Case storage current) private view returns (uint256) {
        return current.panels == 0 ? 0 : current.round + 1;
    }

    function _revealUntil(Case storage current) private view returns (uint256) {
        return current.phase == Phase.Committing ? current.until + REVEAL_WINDOW : current.until;
    }

    function _opposite(Vote side) private pure returns (Vote) {
        return side == Vote.Client ? Vote.Worker : Vote.Client;
    }

    function _partyOf(Terms calldata terms, Case storage current, Vote side) private view returns (address) {
        return side == Vote.Client ? terms.client : current.worker;
    }

    function _chain(bytes32 chained, uint256 seat, bytes32 commitment) private pure returns (bytes32) {
        return keccak256(abi.encode(chained, seat, commitment));
    }

    /// @dev Every seat that has committed is in the list, whose hash was checked.
    function _commitmentOfSeat(Commitment[] calldata commitments, uint256 seat) private pure returns (bytes32) {
        uint256 i = 0;
        while (commitments[i].seat != seat) ++i;
        return commitments[i].commitment;
    }

    /// @dev A panel a round and a redraw; each waits for a draw that runs, then for its own, then votes.
    function _longestCase(Windows memory windows) private pure returns (uint256) {
        uint256 panel = 2 * (DRAW_WINDOW + STAKING_WINDOW) + windows.commit + windows.reveal;
        return windows.evidence + (LAST_ROUND + 1 + MAX_REDRAWS) * panel + LAST_ROUND * 2 * uint256(windows.appeal);
    }
}
