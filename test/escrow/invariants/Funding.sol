// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow, JobId, SpendingLimit, Status, Terms} from "../../../contracts/escrow/IEscrow.sol";
import {Dice} from "./Dice.sol";
import {Entry, Move, Op} from "./Store.sol";
import {vm} from "./Vm.sol";
import {Words} from "./Words.sol";
import {Party} from "./World.sol";

/// @notice Moves that bring a job and its money in, by all four ways.
abstract contract Funding is Words {
    bytes32 private constant PERMIT = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );
    bytes32 internal constant RECEIVE = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    uint256 private constant LARGEST_REWARD = 600e6;

    function _fund(Dice memory dice) internal returns (Move memory move) {
        (Terms memory terms, bool sound) = _draft(dice);
        move = _funding(Op.Fund, terms, _payer(dice, terms.client));
        if (!dice.oneIn(4)) _approve(terms.client, type(uint256).max);
        uint256 allowance = USDC.allowance(terms.client, address(ESCROW));
        move.data = abi.encodeCall(IEscrow.fund, (terms));
        move.allowed = sound && allowance >= _totalOf(terms) && _mayPay(terms, move.sender);
    }

    function _fundWithPermit(Dice memory dice) internal returns (Move memory move) {
        (Terms memory terms, bool sound) = _draft(dice);
        move = _funding(Op.FundWithPermit, terms, _payer(dice, terms.client));
        if (dice.oneIn(2)) _approve(terms.client, dice.oneIn(2) ? 0 : _totalOf(terms));

        uint256 value = _totalOf(terms);
        if (value > 0 && dice.oneIn(8)) value -= 1;
        uint256 until = _validUntil(dice);
        bytes32 structHash = keccak256(
            abi.encode(PERMIT, terms.client, ESCROW, value, USDC.nonces(terms.client), until)
        );
        (bytes memory signature, bool good) = _signSomehow(
            dice,
            _partyAt(terms.client),
            USDC.DOMAIN_SEPARATOR(),
            structHash
        );
        bool permitted = good && until >= block.timestamp && !USDC.paused();
        uint256 allowance = permitted ? value : USDC.allowance(terms.client, address(ESCROW));
        move.data = abi.encodeCall(IEscrow.fundWithPermit, (terms, value, until, signature));
        move.allowed = sound && allowance >= _totalOf(terms) && _mayPay(terms, move.sender);
    }

    function _fundWithAuthorization(Dice memory dice) internal returns (Move memory move) {
        (Terms memory terms, bool sound) = _draft(dice);
        move = _funding(Op.FundWithAuthorization, terms, _someone(dice).account);
        uint256 validAfter = dice.oneIn(16) ? block.timestamp : block.timestamp - 1 - dice.roll(1 days);
        uint256 validBefore = dice.oneIn(16) ? block.timestamp : block.timestamp + 1 + dice.roll(1 days);
        bytes32 structHash = keccak256(
            abi.encode(RECEIVE, terms.client, ESCROW, _totalOf(terms), validAfter, validBefore, _idOf(terms))
        );
        bool good;
        bytes memory signature;
        (signature, good) = _signSomehow(dice, _partyAt(terms.client), USDC.DOMAIN_SEPARATOR(), structHash);
        move.signed = true;
        move.data = abi.encodeCall(IEscrow.fundWithAuthorization, (terms, validAfter, validBefore, signature));
        bool inTime = validAfter < block.timestamp && block.timestamp < validBefore;
        move.allowed = sound && good && inTime && _mayPay(terms, terms.client);
    }

    function _setSpendingLimit(Dice memory dice) internal view returns (Move memory move) {
        move.op = Op.SetSpendingLimit;
        move.sender = clients[dice.roll(clients.length)].account;
        move.party = dice.oneIn(8) ? _someone(dice).account : operator.account;
        if (!dice.oneIn(6)) {
            uint256 until = block.timestamp + dice.roll(20 days);
            move.limit = SpendingLimit(
                uint96(dice.roll(10_000e6)),
                uint96(dice.roll(3 * LARGEST_REWARD)),
                uint40(until)
            );
        }
        SpendingLimit memory limit = move.limit;
        move.data = abi.encodeCall(
            IEscrow.setSpendingLimit,
            (move.party, limit.remaining, limit.perJob, limit.expiresAt)
        );
        move.allowed = true;
    }

    /// @dev Terms of a new job, one in 12 of a job that is there already; one in 12 is unsound.
    function _draft(Dice memory dice) private view returns (Terms memory terms, bool sound) {
        if (jobs.length > 0 && dice.oneIn(12)) return (jobs[dice.roll(jobs.length)].terms, false);
        terms = Terms({
            client: clients[dice.roll(clients.length)].account,
            worker: dice.oneIn(3) ? workers[dice.roll(workers.length)].account : address(0),
            matcher: _drawMatcher(dice),
            verifier: verifiers[dice.roll(verifiers.length)].account,
            arbiter: _drawArbiter(dice),
            reward: uint96(1 + dice.roll(dice.oneIn(4) ? 100 : LARGEST_REWARD)),
            minReputation: dice.oneIn(4) ? uint64(dice.between(0.4e18, 0.6e18)) : 0,
            backstopShareBps: uint16(dice.roll(10_001)),
            deadline: uint40(block.timestamp + dice.roll(dice.oneIn(3) ? 2 days : 60 days)),
            workWindow: uint32(1 + dice.roll(3 days)),
            verifyWindow: uint32(1 + dice.roll(1 days)),
            reviewWindow: dice.oneIn(2) ? 0 : uint32(dice.roll(2 days)),
            domain: dice.oneIn(2) ? bytes32("support") : bytes32("legal"),
            specHash: bytes32(dice.roll(type(uint256).max)),
            salt: bytes32(jobs.length)
        });
        sound = !dice.oneIn(12);
        if (!sound) _spoil(dice, terms);
    }

    function _drawArbiter(Dice memory dice) internal view virtual returns (address) {
        return dice.oneIn(6) ? address(0) : address(ARBITER);
    }

    function _drawMatcher(Dice memory dice) private view returns (address) {
        if (dice.oneIn(2)) return address(0);
        return dice.oneIn(2) ? matcher.account : operator.account;
    }

    function _spoil(Dice memory dice, Terms memory terms) private view {
        uint256 side = dice.roll(10);
        if (side == 0) terms.client = address(0);
        else if (side == 1) terms.verifier = address(0);
        else if (side == 2) terms.reward = 0;
        else if (side == 3) terms.reward = type(uint96).max;
        else if (side == 4) terms.deadline = uint40(block.timestamp - 1);
        else if (side == 5) terms.deadline = uint40(block.timestamp + 366 days);
        else if (side == 6) terms.workWindow = 0;
        else if (side == 7) terms.verifyWindow = 31 days;
        else if (side == 8) terms.backstopShareBps = 10_001;
        else terms.minReputation = 1.1e18;
    }

    /// @dev The client itself, its operator, or one in 8 times anybody.
    function _payer(Dice memory dice, address client) private view returns (address) {
        if (dice.oneIn(8)) return _someone(dice).account;
        return dice.oneIn(3) ? operator.account : client;
    }

    function _funding(Op op, Terms memory terms, address sender) internal returns (Move memory move) {
        move.op = op;
        move.sender = sender;
        move.index = jobs.length;
        Entry storage job = jobs.push();
        job.id = _idOf(terms);
        job.terms = terms;
    }

    function _approve(address client, uint256 amount) internal {
        if (client == address(0) || USDC.paused()) return;
        vm.prank(client);
        USDC.approve(address(ESCROW), amount);
    }

    function _mayPay(Terms memory terms, address sender) internal view returns (bool) {
        bool moves = _canReceive(terms.client) && USDC.balanceOf(terms.client) >= _totalOf(terms);
        return moves && (sender == terms.client || _withinLimit(terms, sender));
    }

    function _withinLimit(Terms memory terms, address sender) private view returns (bool) {
        SpendingLimit memory limit = grants[terms.client][sender].limit;
        uint256 total = _totalOf(terms);
        return block.timestamp <= limit.expiresAt && total <= limit.perJob && total <= limit.remaining;
    }
}
