// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vote} from "./IArbitrationPool.sol";

/// @dev The jurors drawn for one vote of a case, up to 15, by their positions in the stake tree.
/// `head`: votes 15 x 2 bits, who committed 15 bits, who was denounced 15 bits, size 4 bits, positions of seats 0-5.
/// `middle`: positions of seats 6-13. `last`: of seat 14. A panel of 3 is one word.
struct Panel {
    PanelHead head;
    uint256 middle;
    uint256 last;
}

type PanelHead is uint256;

using {
    size,
    voteOf,
    hasCommitted,
    committedCount,
    isDenounced,
    revealedCount,
    withCommitted,
    withVote,
    withDenounced,
    outcome
} for PanelHead global;
using {positionOf, store} for Panel global;

uint256 constant MAX_PANEL = 15;

uint256 constant COMMITTED_AT = 30;
uint256 constant DENOUNCED_AT = 45;
uint256 constant SIZE_AT = 60;
uint256 constant POSITIONS_AT = 64;
uint256 constant HEAD_POSITIONS = 6;
uint256 constant WORD_POSITIONS = 8;

function size(PanelHead head) pure returns (uint256) {
    return (PanelHead.unwrap(head) >> SIZE_AT) & 15;
}

function voteOf(PanelHead head, uint256 seat) pure returns (Vote) {
    return Vote((PanelHead.unwrap(head) >> (2 * seat)) & 3);
}

function hasCommitted(PanelHead head, uint256 seat) pure returns (bool) {
    return (PanelHead.unwrap(head) >> (COMMITTED_AT + seat)) & 1 == 1;
}

function isDenounced(PanelHead head, uint256 seat) pure returns (bool) {
    return (PanelHead.unwrap(head) >> (DENOUNCED_AT + seat)) & 1 == 1;
}

/// @dev Who was denounced does not count: its vote can't be revealed any more.
function committedCount(PanelHead head) pure returns (uint256 count) {
    for (uint256 seat = 0; seat < head.size(); ++seat) {
        if (head.hasCommitted(seat) && !head.isDenounced(seat)) ++count;
    }
}

function revealedCount(PanelHead head) pure returns (uint256 count) {
    for (uint256 seat = 0; seat < head.size(); ++seat) if (head.voteOf(seat) != Vote.None) ++count;
}

function withCommitted(PanelHead head, uint256 seat) pure returns (PanelHead) {
    return PanelHead.wrap(PanelHead.unwrap(head) | (1 << (COMMITTED_AT + seat)));
}

function withDenounced(PanelHead head, uint256 seat) pure returns (PanelHead) {
    return PanelHead.wrap(PanelHead.unwrap(head) | (1 << (DENOUNCED_AT + seat)));
}

/// @dev The seat must not have voted yet.
function withVote(PanelHead head, uint256 seat, Vote vote) pure returns (PanelHead) {
    return PanelHead.wrap(PanelHead.unwrap(head) | (uint256(vote) << (2 * seat)));
}

/// @dev The side with more votes than the other and than "unclear", if two thirds of the seats voted; else `None`.
function outcome(PanelHead head) pure returns (Vote) {
    uint256[4] memory votes;
    uint256 seats = head.size();
    for (uint256 seat = 0; seat < seats; ++seat) ++votes[uint256(head.voteOf(seat))];
    if ((seats - votes[uint256(Vote.None)]) * 3 < seats * 2) return Vote.None;
    (uint256 client, uint256 worker) = (votes[uint256(Vote.Client)], votes[uint256(Vote.Worker)]);
    uint256 unclear = votes[uint256(Vote.Unclear)];
    if (client > worker && client > unclear) return Vote.Client;
    if (worker > client && worker > unclear) return Vote.Worker;
    return Vote.None;
}

/// @dev Reads one word, none for the first six seats.
function positionOf(Panel storage self, PanelHead head, uint256 seat) view returns (uint256) {
    uint256 word;
    if (seat < HEAD_POSITIONS) {
        word = PanelHead.unwrap(head) >> (POSITIONS_AT + 32 * seat);
    } else {
        seat -= HEAD_POSITIONS;
        word = (seat < WORD_POSITIONS ? self.middle : self.last) >> (32 * (seat % WORD_POSITIONS));
    }
    return uint32(word);
}

/// @dev A new panel, nobody of whom has voted.
function store(Panel storage self, uint256[] memory positions) {
    uint256 seats = positions.length;
    uint256 head = seats << SIZE_AT;
    uint256 middle = 0;
    for (uint256 seat = 0; seat < seats; ++seat) {
        uint256 position = positions[seat];
        if (seat < HEAD_POSITIONS) head |= position << (POSITIONS_AT + 32 * seat);
        else if (seat < HEAD_POSITIONS + WORD_POSITIONS) middle |= position << (32 * (seat - HEAD_POSITIONS));
        else self.last = position;
    }
    self.head = PanelHead.wrap(head);
    if (middle > 0) self.middle = middle;
}
