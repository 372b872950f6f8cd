// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IArbitrationPool, Juror} from "../../../contracts/arbitration/IArbitrationPool.sol";
import {Dice} from "../../escrow/invariants/Dice.sol";
import {Spent} from "../../escrow/invariants/Store.sol";
import {vm} from "../../escrow/invariants/Vm.sol";
import {Word} from "../../escrow/invariants/Words.sol";
import {Party} from "../../escrow/invariants/World.sol";
import {CourtModel} from "./CourtModel.sol";
import {CourtOp} from "./CourtStore.sol";

/// @notice Moves of money that is in no case: balances and stakes.
abstract contract Holding is CourtModel {
    uint256 internal constant USDC_UNIT = 1e6;
    uint256 private constant MAX_STAKE = 10_000_000 * USDC_UNIT;
    uint256 private constant POOL_GAS = 5_000_000;

    bytes32 private constant WITHDRAW = keccak256(
        "Withdraw(address owner,uint256 amount,uint256 nonce,uint256 validUntil)"
    );
    bytes32 private constant SET_STANDING_ANSWER = keccak256(
        "SetStandingAnswer(address owner,bool stands,uint256 nonce,uint256 validUntil)"
    );
    bytes32 private constant STAKE = keccak256("Stake(address juror,uint256 amount,uint256 nonce,uint256 validUntil)");
    bytes32 private constant RETIRE = keccak256("Retire(address juror,uint256 nonce,uint256 validUntil)");

    /// @dev Makes a call, whose outcome has to be the one that the books say.
    /// @return Whether it is to be entered in the books.
    function _attempt(CourtOp op, address sender, bytes memory data, bool allowed) internal returns (bool) {
        vm.prank(sender);
        (bool done, ) = address(pool).call{gas: POOL_GAS}(data);
        if (done) courtSucceeded[uint256(op)] += 1;
        else courtRefused[uint256(op)] += 1;
        if (done != allowed) {
            string memory fault =
                done ? "done against the rules: pool operation " : "refused against the rules: pool operation ";
            _report(string.concat(fault, vm.toString(uint256(op))));
        }
        return done && allowed;
    }

    /// @dev As `_attempt`, of a call that carries a word; a signature that did its work is kept to be tried again.
    function _attemptBy(CourtOp op, Word memory word, bytes memory data, bool allowed) internal returns (bool done) {
        done = _attempt(op, word.sender, data, allowed && word.good);
        if (done && word.signature.length > 0) spentAtPool.push(Spent(word.sender, data));
    }

    function _speakInPool(
        Dice memory dice,
        Party memory speaker,
        bytes32 structHash,
        uint256 validUntil
    ) internal view returns (Word memory) {
        if (!dice.oneIn(3)) return _speakUnsigned(dice, speaker);
        return _speakBySignature(dice, speaker, poolDomain, structHash, validUntil, address(0));
    }

    // Balances

    function _deposit(address from, address owner, uint256 amount) internal {
        bool allowed = _mayMove(from) && USDC.balanceOf(from) >= amount;
        if (!_attempt(CourtOp.Deposit, from, abi.encodeCall(IArbitrationPool.deposit, (owner, amount)), allowed))
            return;
        balances[from] -= amount;
        pooled[owner] += amount;
    }

    /// @dev Somebody pays what an owner lacks of an amount, six times in seven.
    function _provide(Dice memory dice, address owner, uint256 amount) internal {
        if (owner == treasury.account || pooled[owner] >= amount || dice.oneIn(7)) return;
        _deposit(clients[dice.roll(clients.length)].account, owner, amount - pooled[owner]);
    }

    function _depositWithAuthorization(Dice memory dice) internal {
        Party memory owner = _ownerOf(dice);
        uint256 amount = dice.roll(200e6);
        // The runner may draw the same seed twice.
        bytes32 nonce = keccak256(abi.encode(dice.roll(type(uint256).max), spentAtPool.length));
        uint256 validBefore = dice.oneIn(16) ? block.timestamp : block.timestamp + 1 + dice.roll(1 days);
        bytes32 structHash = keccak256(
            abi.encode(RECEIVE, owner.account, pool, amount, uint256(0), validBefore, nonce)
        );
        Word memory word;
        word.sender = _someone(dice).account;
        (word.signature, word.good) = _signSomehow(dice, owner, USDC.DOMAIN_SEPARATOR(), structHash);
        bytes memory data = abi.encodeCall(
            IArbitrationPool.depositWithAuthorization,
            (owner.account, amount, 0, validBefore, nonce, word.signature)
        );
        bool allowed = _mayMove(owner.account) && USDC.balanceOf(owner.account) >= amount;
        allowed = allowed && block.timestamp < validBefore;
        if (!_attemptBy(CourtOp.DepositWithAuthorization, word, data, allowed)) return;
        balances[owner.account] -= amount;
        pooled[owner.account] += amount;
    }

    function _withdrawFromPool(Dice memory dice) internal {
        Party memory owner = _ownerOf(dice);
        uint256 amount = dice.roll(pooled[owner.account] + (dice.oneIn(8) ? 50e6 : 1));
        uint256 until = _validUntil(dice);
        bytes32 structHash = keccak256(abi.encode(WITHDRAW, owner.account, amount, _nonce(owner), until));
        Word memory word = _speakInPool(dice, owner, structHash, until);
        _withdrawBy(word, owner.account, amount, until);
    }

    /// @dev All that an owner has, by its signature in a stranger's call.
    function _withdrawAll(Party memory owner) internal {
        uint256 amount = pooled[owner.account];
        uint256 until = block.timestamp;
        bytes32 structHash = keccak256(abi.encode(WITHDRAW, owner.account, amount, _nonce(owner), until));
        Word memory word = Word(stranger.account, _signature(owner, poolDomain, structHash), true);
        _withdrawBy(word, owner.account, amount, until);
    }

    function _withdrawBy(Word memory word, address owner, uint256 amount, uint256 until) private {
        bytes memory data = abi.encodeCall(IArbitrationPool.withdraw, (owner, amount, until, word.signature));
        bool allowed = pooled[owner] >= amount && _mayMove(owner);
        if (!_attemptBy(CourtOp.Withdraw, word, data, allowed)) return;
        pooled[owner] -= amount;
        balances[owner] += amount;
    }

    function _setStandingAnswer(Dice memory dice) internal {
        Party memory owner = dice.oneIn(2) ? clients[dice.roll(clients.length)] : workers[dice.roll(workers.length)];
        bool next = dice.oneIn(2);
        uint256 until = _validUntil(dice);
        bytes32 structHash = keccak256(abi.encode(SET_STANDING_ANSWER, owner.account, next, _nonce(owner), until));
        Word memory word = _speakInPool(dice, owner, structHash, until);
        bytes memory data = abi.encodeCall(
            IArbitrationPool.setStandingAnswer,
            (owner.account, next, until, word.signature)
        );
        if (_attemptBy(CourtOp.SetStandingAnswer, word, data, true)) stands[owner.account] = next;
    }

    // Stakes

    function _stake(Dice memory dice) internal {
        Party memory juror = _jurorOf(dice);
        uint256 amount = dice.roll(dice.oneIn(2) ? 50e6 : 400e6);
        _provide(dice, juror.account, amount);
        _stakeOf(dice, juror, amount);
    }

    function _stakeOf(Dice memory dice, Party memory juror, uint256 amount) internal {
        address account = juror.account;
        uint256 until = _validUntil(dice);
        bytes32 structHash = keccak256(abi.encode(STAKE, account, amount, _nonce(juror), until));
        Word memory word = _speakInPool(dice, juror, structHash, until);
        Juror storage book = stakes[account];
        uint256 next = book.stake + amount;
        bool allowed = !_frozen() && book.unstakeFrom == 0 && pooled[account] >= amount;
        allowed = allowed && amount > 0 && next >= MIN_STAKE && next <= MAX_STAKE;
        bytes memory data = abi.encodeCall(IArbitrationPool.stake, (account, amount, until, word.signature));
        if (!_attemptBy(CourtOp.Stake, word, data, allowed)) return;
        pooled[account] -= amount;
        stakedIn += amount;
        book.stake = next;
        book.weight = next / USDC_UNIT;
        isJuror[account] = true;
    }

    function _collect(Dice memory dice) internal {
        // One whose stake has earned something, if there is any.
        address account = _jurorOf(dice).account;
        uint256 first = dice.roll(jurors.length);
        for (uint256 i = 0; i < jurors.length && _spare(account) == 0; ++i) {
            account = jurors[(first + i) % jurors.length].account;
        }
        uint256 amount = _spare(account);
        bytes memory data = abi.encodeCall(IArbitrationPool.collect, (account));
        if (!_attempt(CourtOp.Collect, _someone(dice).account, data, amount > 0 && !_frozen())) return;
        stakes[account].stake -= amount;
        stakedOut += amount;
        pooled[account] += amount;
    }

    /// @dev What is above a juror's weight, the least stake and what is locked.
    function _spare(address account) private view returns (uint256) {
        Juror storage book = stakes[account];
        uint256 kept = book.weight * USDC_UNIT;
        if (kept < MIN_STAKE) kept = MIN_STAKE;
        if (kept < book.locked) kept = book.locked;
        return book.unstakeFrom > 0 || book.stake < kept ? 0 : book.stake - kept;
    }

    function _retire(Dice memory dice) internal {
        Party memory juror = _jurorOf(dice);
        uint256 until = _validUntil(dice);
        bytes32 structHash = keccak256(abi.encode(RETIRE, juror.account, _nonce(juror), until));
        _retireBy(juror.account, _speakInPool(dice, juror, structHash, until), until);
    }

    /// @dev By the juror's signature in a stranger's call.
    function _retireSigned(Party memory juror) internal {
        uint256 until = block.timestamp;
        bytes32 structHash = keccak256(abi.encode(RETIRE, juror.account, _nonce(juror), until));
        bytes memory signature = _signature(juror, poolDomain, structHash);
        _retireBy(juror.account, Word(stranger.account, signature, true), until);
    }

    function _retireBy(address account, Word memory word, uint256 until) private {
        bool allowed = !_frozen() && isJuror[account] && stakes[account].unstakeFrom == 0;
        bytes memory data = abi.encodeCall(IArbitrationPool.retire, (account, until, word.signature));
        if (!_attemptBy(CourtOp.Retire, word, data, allowed)) return;
        stakes[account].weight = 0;
        stakes[account].unstakeFrom = block.timestamp + pool.EXIT_DELAY();
    }

    function _unstake(Dice memory dice) internal {
        address account = _jurorOf(dice).account;
        for (uint256 i = 0; i < jurors.length && stakes[account].unstakeFrom == 0; ++i) account = jurors[i].account;
        uint256 from = stakes[account].unstakeFrom;
        if (from > block.timestamp && dice.oneIn(12)) vm.warp(from - dice.roll(2));
        _unstakeOf(account, _someone(dice).account);
    }

    function _unstakeOf(address account, address sender) internal {
        Juror storage book = stakes[account];
        bool allowed = book.unstakeFrom > 0 && block.timestamp >= book.unstakeFrom && book.locked == 0;
        if (!_attempt(CourtOp.Unstake, sender, abi.encodeCall(IArbitrationPool.unstake, (account)), allowed)) return;
        pooled[account] += book.stake;
        stakedOut += book.stake;
        delete stakes[account];
        delete isJuror[account];
    }

    function _reweigh(Dice memory dice) internal {
        address account = _jurorOf(dice).account;
        Juror storage book = stakes[account];
        bool allowed = !_frozen() && isJuror[account];
        bytes memory data = abi.encodeCall(IArbitrationPool.reweigh, (account));
        if (!_attempt(CourtOp.Reweigh, _someone(dice).account, data, allowed)) return;
        book.weight = book.unstakeFrom == 0 && book.stake >= MIN_STAKE ? book.stake / USDC_UNIT : 0;
    }

    /// @dev Of all jurors, whose order never changes.
    function _weights() internal view returns (bytes32 hash, uint256 total) {
        for (uint256 i = 0; i < jurors.length; ++i) {
            uint256 weight = stakes[jurors[i].account].weight;
            hash = keccak256(abi.encode(hash, weight));
            total += weight;
        }
    }

    function _nonce(Party memory owner) private view returns (uint256) {
        return pool.nonces(owner.account);
    }

    /// @dev Whether USDC would move between the pool and this account now.
    function _mayMove(address account) private view returns (bool) {
        return !USDC.paused() && !USDC.isBlacklisted(address(pool)) && !USDC.isBlacklisted(account);
    }
}
