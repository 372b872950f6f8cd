// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IArbitrationPool, Juror, JobId, Lottery, Randomness} from "./IArbitrationPool.sol";
import {IVRFCoordinator, RandomWordsRequest} from "./IVRFCoordinator.sol";
import {PoolAccounts} from "./PoolAccounts.sol";
import {Sortition} from "./Sortition.sol";
import {StakeTree} from "./StakeTree.sol";

/// @title Stakes of jurors, and the draw of panels by them
/// @dev From the request for randomness until every case of that draw has its panel, or the draw's window is over, no
/// weight changes: who knows the seed can't move stake to where it falls.
abstract contract JurorStakes is PoolAccounts {
    using Sortition for Sortition.Urn;
    using StakeTree for StakeTree.Tree;

    /// Randomness must come, and the panels be drawn from it, in this time.
    uint256 public constant DRAW_WINDOW = 6 hours;
    /// Between two draws, so that stakes can come and go however many disputes there are.
    uint256 public constant STAKING_WINDOW = 5 minutes;

    uint256 private constant USDC_UNIT = 1e6;
    /// All weights together are 32 bits of whole USDC: at this stake of each there is room for 429 jurors, and all USDC
    /// on Polygon would fit. It also leaves room in 48 bits for what a stake earns.
    uint256 private constant MAX_STAKE = 10_000_000 * USDC_UNIT;
    /// Jurors that are looked at for one panel. Who is a party or has too little free stake is passed over.
    uint256 private constant MAX_TRIES = 64;
    /// Storing a seed takes a third of it.
    uint32 private constant CALLBACK_GAS = 100_000;
    /// What the coordinator gets for a request; its own code takes about a third.
    uint256 private constant REQUEST_GAS = 300_000;
    /// EIP-150 keeps a 64th of the gas back from a callee; the rest goes on after a request that failed.
    uint256 private constant REQUEST_CALLER_GAS = (REQUEST_GAS * 64) / 63 + 50_000;
    /// Chainlink's tag of extra arguments, then: paid in the chain's own coin.
    bytes4 private constant EXTRA_ARGS_TAG = bytes4(keccak256("VRF ExtraArgsV1"));

    uint256 public immutable MIN_STAKE;
    uint256 public immutable EXIT_DELAY;
    IVRFCoordinator public immutable COORDINATOR;
    uint256 public immutable SUBSCRIPTION_ID;
    bytes32 public immutable KEY_HASH;
    uint16 public immutable CONFIRMATIONS;

    /// What a draw and the end of a case touch, in one slot. 48 bits of base units are 281 million USDC.
    struct Stake {
        address account;
        uint48 amount;
        uint48 locked;
    }

    /// The rest of what is known of a juror.
    struct Membership {
        /// The position in the tree of weights plus one; zero: no juror.
        uint32 seat;
        uint32 weight;
        uint40 unstakeFrom;
    }

    mapping(address account => Membership) private _memberships;
    mapping(uint256 position => Stake) private _stakes;
    uint256[] private _freePositions;
    uint256 private _positions;
    StakeTree.Tree private _weights;
    Lottery private _lottery;
    uint256 private _requestId;
    uint256 private _seed;

    constructor(uint256 minStake, uint256 exitDelay, Randomness memory randomness) {
        if (randomness.coordinator.code.length == 0) revert PartyMissing("coordinator");
        MIN_STAKE = minStake;
        EXIT_DELAY = exitDelay;
        COORDINATOR = IVRFCoordinator(randomness.coordinator);
        uint256 subscriptionId = IVRFCoordinator(randomness.coordinator).createSubscription();
        IVRFCoordinator(randomness.coordinator).addConsumer(subscriptionId, address(this));
        SUBSCRIPTION_ID = subscriptionId;
        KEY_HASH = randomness.keyHash;
        CONFIRMATIONS = randomness.confirmations;
    }

    // Stakes

    /// @inheritdoc IArbitrationPool
    function stake(address account, uint256 amount, uint256 validUntil, bytes calldata signature) external {
        _requireStake(account, amount, validUntil, signature);
        _requireThawed(_lottery);
        if (amount == 0) revert StakeOutOfRange(0, 1, MAX_STAKE);
        Membership memory membership = _memberships[account];
        if (membership.unstakeFrom > 0) revert AlreadyRetired(account, membership.unstakeFrom);
        if (membership.seat == 0) membership.seat = uint32(_takePosition(account) + 1);
        Stake storage held = _stakes[membership.seat - 1];
        uint256 staked = held.amount + amount;
        uint256 max = MAX_STAKE;
        if (staked < MIN_STAKE || staked > max) revert StakeOutOfRange(staked, MIN_STAKE, max);
        _debit(account, amount);
        held.amount = uint48(staked);
        emit Staked(account, amount, staked);
        _weigh(account, membership, staked / USDC_UNIT);
    }

    /// @inheritdoc IArbitrationPool
    function collect(address account) external {
        // What a stake has earned may be what makes it free for one more seat.
        _requireThawed(_lottery);
        Membership memory membership = _requireMember(account);
        if (membership.unstakeFrom > 0) revert AlreadyRetired(account, membership.unstakeFrom);
        Stake storage held = _stakes[membership.seat - 1];
        uint256 kept = Math.max(Math.max(membership.weight * USDC_UNIT, MIN_STAKE), held.locked);
        if (held.amount <= kept) revert NothingToCollect(account, held.amount, kept);
        uint256 amount = held.amount - kept;
        held.amount = uint48(kept);
        emit Collected(account, amount);
        _credit(account, amount);
    }

    /// @inheritdoc IArbitrationPool
    function retire(address account, uint256 validUntil, bytes calldata signature) external {
        _requireRetire(account, validUntil, signature);
        _requireThawed(_lottery);
        Membership memory membership = _requireMember(account);
        if (membership.unstakeFrom > 0) revert AlreadyRetired(account, membership.unstakeFrom);
        membership.unstakeFrom = uint40(block.timestamp + EXIT_DELAY);
        emit Retired(account, membership.unstakeFrom);
        _weigh(account, membership, 0);
    }

    /// @inheritdoc IArbitrationPool
    function unstake(address account) external {
        Membership memory membership = _requireMember(account);
        uint256 from = membership.unstakeFrom;
        Stake memory held = _stakes[membership.seat - 1];
        if (from == 0 || block.timestamp < from || held.locked > 0) {
            revert StakeNotFree(account, held.locked, block.timestamp, from);
        }
        delete _memberships[account];
        delete _stakes[membership.seat - 1];
        _freePositions.push(membership.seat - 1);
        emit Unstaked(account, held.amount);
        _credit(account, held.amount);
    }

    /// @inheritdoc IArbitrationPool
    function reweigh(address account) external {
        _requireThawed(_lottery);
        Membership memory membership = _requireMember(account);
        uint256 amount = _stakes[membership.seat - 1].amount;
        bool counts = membership.unstakeFrom == 0 && amount >= MIN_STAKE;
        uint256 weight = counts ? amount / USDC_UNIT : 0;
        emit Reweighed(account, weight);
        _weigh(account, membership, weight);
    }

    // Randomness

    /// @notice The coordinator's answer. An old one, or a second, is of no use and changes nothing.
    function rawFulfillRandomWords(uint256 requestId, uint256[] calldata words) external {
        if (msg.sender != address(COORDINATOR)) revert SenderNotAllowed(msg.sender, address(COORDINATOR));
        Lottery memory current = _lottery;
        if (requestId != _requestId || current.seeded || !_isFrozen(current)) return;
        _lottery.seeded = true;
        _seed = words[0];
        emit Seeded(current.drawId, words[0]);
    }

    /// @dev The next draw, in which no case takes part yet.
    function _nextLottery() internal view returns (Lottery memory next) {
        next = _lottery;
        _requireThawed(next);
        uint256 from = next.until + STAKING_WINDOW;
        if (block.timestamp <= from) revert StakesFrozen(block.timestamp, from);
        ++next.drawId;
        next.until = uint40(block.timestamp + DRAW_WINDOW);
        next.undrawn = 0;
        next.seeded = false;
    }

    /// @dev A coordinator that fails must not stop cases from ending: its draw then fails by time.
    function _beginLottery(Lottery memory next) internal {
        _lottery = next;
        uint256 gasLeft = gasleft();
        if (gasLeft < REQUEST_CALLER_GAS) revert InsufficientGas(gasLeft, REQUEST_CALLER_GAS);
        RandomWordsRequest memory request = RandomWordsRequest({
            keyHash: KEY_HASH,
            subId: SUBSCRIPTION_ID,
            requestConfirmations: CONFIRMATIONS,
            callbackGasLimit: CALLBACK_GAS,
            numWords: 1,
            extraArgs: abi.encodeWithSelector(EXTRA_ARGS_TAG, true)
        });
        // Not by `try`, which reverts where the answer is too short, or where there is no code any more.
        (bool succeeded, bytes memory answer) = address(COORDINATOR).call{gas: REQUEST_GAS}(
            abi.encodeCall(IVRFCoordinator.requestRandomWords, (request))
        );
        _requestId = succeeded ? uint256(bytes32(answer)) : 0;
    }

    /// @dev Chooses jurors by weight, each once, without the parties. Fewer than asked for if there are no more.
    function _select(
        JobId id,
        uint256 panel,
        uint256 seats,
        uint256 risk,
        address[3] memory parties
    ) internal returns (uint256[] memory positions, address[] memory jurors) {
        Lottery memory current = _lottery;
        if (!current.seeded) revert TooEarly(id, block.timestamp, current.until + 1);
        if (--current.undrawn == 0) current.until = uint40(block.timestamp);
        _lottery = current;

        positions = new uint256[](seats);
        jurors = new address[](seats);
        uint256 found = 0;
        bytes32 seed = keccak256(abi.encode(_seed, id, panel));
        Sortition.Urn memory urn = Sortition.urn(_weights.total(), MAX_TRIES);
        for (uint256 i = 0; found < seats && urn.left > 0 && i < MAX_TRIES; ++i) {
            (uint256 position, uint256 start, uint256 weight) = _weights.find(urn.pointOf(seed, i));
            urn.take(start, weight);
            Stake memory held = _stakes[position];
            address account = held.account;
            if (account == parties[0] || account == parties[1] || account == parties[2]) continue;
            if (held.amount - held.locked < risk) continue;
            (positions[found], jurors[found]) = (position, account);
            ++found;
        }
        if (found < seats) return (positions, new address[](0));
        for (uint256 i = 0; i < seats; ++i) _stakes[positions[i]].locked += uint48(risk);
    }

    /// @dev Sets stake at risk free, with what it has won or lost.
    function _unlock(uint256 position, uint256 risk, uint256 slash, uint256 reward) internal returns (address account) {
        Stake memory held = _stakes[position];
        account = held.account;
        held.locked -= uint48(risk);
        held.amount = uint48(held.amount - slash + reward);
        _stakes[position] = held;
    }

    function _accountAt(uint256 position) internal view returns (address) {
        return _stakes[position].account;
    }

    // Views

    /// @inheritdoc IArbitrationPool
    function jurorOf(address account) external view returns (Juror memory juror) {
        Membership memory membership = _memberships[account];
        if (membership.seat == 0) return juror;
        Stake memory held = _stakes[membership.seat - 1];
        return Juror(held.amount, held.locked, membership.weight, membership.unstakeFrom);
    }

    /// @inheritdoc IArbitrationPool
    function lottery() external view returns (Lottery memory) {
        return _lottery;
    }

    /// @inheritdoc IArbitrationPool
    function totalWeight() external view returns (uint256) {
        return _weights.total();
    }

    function _weigh(address account, Membership memory membership, uint256 weight) private {
        membership.weight = uint32(weight);
        _memberships[account] = membership;
        _weights.set(membership.seat - 1, weight);
    }

    function _takePosition(address account) private returns (uint256 position) {
        uint256 free = _freePositions.length;
        if (free > 0) {
            position = _freePositions[free - 1];
            _freePositions.pop();
        } else {
            position = _positions++;
        }
        _stakes[position].account = account;
    }

    function _requireMember(address account) private view returns (Membership memory membership) {
        membership = _memberships[account];
        if (membership.seat == 0) revert NotStaked(account);
    }

    function _requireThawed(Lottery memory current) private view {
        if (_isFrozen(current)) revert StakesFrozen(block.timestamp, current.until);
    }

    function _isFrozen(Lottery memory current) private view returns (bool) {
        return current.undrawn > 0 && block.timestamp <= current.until;
    }
}
